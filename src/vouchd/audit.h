/*
 * vouchd/audit.h - the limits of the audit as gauges.
 */
#ifndef VOUCHD_AUDIT_H
#define VOUCHD_AUDIT_H

#include "vouchd/fold.h"

/* Evidence of so many nats in years; from e^40 years on that. */
double audit_years(double nats);

/* Sets vouch_limit_years and vouch_limit_calibrated_years. On the writer's thread. Cost: a few ms. */
void audit_count(const struct fold *f);

#endif
