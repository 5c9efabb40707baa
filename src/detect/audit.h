/*
 * detect/audit.h - does the budget hold on this fleet? What the evidence of its units did, beside what was promised.
 *
 * Most units are honest. So what their evidence does is a measurement of false alarms that needs no model: an excursion above A
 * is evidence that rises above A years, once until it has fallen to an e-squareth of it or an alarm ends it. Promised are at most
 * (unit-years) / A of them. What people confirmed as a takeover is taken out again. Counts and years fade with a memory of one year.
 *
 * The calibrated limit A* is the smallest e^n above which even the upper 90 % Poisson limit of the measured rate is within the budget.
 * It needs only that next year's honest extremes look like last year's. On a fleet whose takeovers nobody confirmed it is too high.
 * Pure. Why: doc/why/audit.md. Test: tests/unit/audit_test.c.
 */
#ifndef DETECT_AUDIT_H
#define DETECT_AUDIT_H

#include "detect/detect.h"

#define DETECT_AUDIT_LEVELS 11U /* A = e^0, e^1 ... e^10 years */

enum detect_audit_how {
	DETECT_AUDIT_SHORT,       /* there is not enough history to say */
	DETECT_AUDIT_MEASURED,    /* A* is a level that was counted */
	DETECT_AUDIT_EXTRAPOLATED /* A* lies where none was counted: by the slope of the highest excursions */
};

/* One kind of unit and one voice. */
struct detect_audit {
	double years;                                 /* of units of this kind, fading */
	double share;                                 /* of the budget: false alarms per unit-year, > 0 */
	double limit_nats;                            /* ln A; above it an alarm cuts excursions short */
	double excursions[DETECT_AUDIT_LEVELS];       /* fading; above the limit too few */
	double upper_excursions[DETECT_AUDIT_LEVELS]; /* the upper 90 % limit of what they are a sample of */
	enum detect_audit_how how;
	double calibrated_nats; /* ln A*, >= 0; when it is short 0 */
	/* When it is short: with so many and no excursion at the limit at all A would be shown */
	double years_wanted;
};

#define DETECT_AUDIT_CONTENT EVIDENCE_COUNT /* what messages looked like, behind the kinds of evidence */
#define DETECT_AUDIT_SIGNALS (EVIDENCE_COUNT + 1U)

/* How e-values went: the mean over the cohorts of honest units must not be above one. */
struct detect_audit_mean {
	double cohorts; /* fading */
	double mean;    /* of min(e, 1e4); 0 without any cohort */
};

/* Cost: below 1 ms. */
void detect_audit(const struct detect *d, enum unit_kind kind, enum voice voice, struct detect_audit *audit);
/* `burst`: campaigns; else the mail between them. Cost: O(1). */
struct detect_audit_mean detect_audit_mean(const struct detect *d, enum voice voice, bool burst);
/* The same of one kind of evidence alone, or of content; by the Bayes voice. signal < DETECT_AUDIT_SIGNALS. */
struct detect_audit_mean detect_audit_mean_alone(const struct detect *d, uint32_t signal, bool burst);

/* Fills the other members from years, share, limit_nats and excursions. */
void detect_audit_calibrate(struct detect_audit *audit);
/* The mean above which a Poisson count is `count` or less with 10 % chance. count >= 0. Below 100 exact to 1e-9, then to 0.1 %. */
double detect_audit_upper(double count);

#endif
