/* vouchd/acknowledge.c - who is answered, and the words. */
#include "vouchd/acknowledge.h"

#include "base/counters.h"
#include "intake/answer.h"
#include "vouchd/outbox.h"

#include <inttypes.h>

#define CASES_MAX 5U
#define BODY_MAX  2048U

static struct text
keep(struct arena *arena, struct text t)
{
	return (struct text){ text_copy(arena, t), t.n };
}

static bool
is_proven(const struct proof *proof)
{
	struct text words = text_of(proof->words);

	return proof->known &&
	       (text_starts_nocase(words, TEXT("dkim ")) || text_starts_nocase(words, TEXT("results ")));
}

/* Is the return path of a domain of this reporter? Whoever hands on a signed mail can write any. */
static bool
is_own_address(struct directory *directory, const struct proof *proof, struct text address,
	       struct arena *arena)
{
	char registered[SOURCE_BYTES_MAX + 1];
	struct directory_entry owner;
	struct text domain = address, local;

	return mail_address_fits(address) && text_cut(&domain, '@', &local) &&
	       directory_by_domain(directory, text_of(text_lower(arena, domain)), &owner, registered) &&
	       text_equal(text_of(owner.name), text_of(proof->reporter.name));
}

void
acknowledge_find(struct directory *directory, const struct proof *proof, struct text sender, struct text mail,
		 struct arena *arena, struct acknowledge *a)
{
	struct answer answer;

	*a = (struct acknowledge){ { "", 0 }, { "", 0 } };
	if (is_proven(proof) && is_own_address(directory, proof, sender, arena) &&
	    answer_fits(mail, sender, arena, &answer)) {
		a->to = keep(arena, sender);
		a->message_id = keep(arena, answer.message_id);
	}
}

/* ---- the words */

struct cases {
	uint32_t numbers[CASES_MAX];
	uint32_t count;
};

/* The case of a source that people are told of. */
static void
add_case(const struct decide *d, uint32_t source, struct cases *cases)
{
	struct decide_source_view s;
	struct decide_case_view v;
	uint32_t number;

	decide_source_view(d, source, &s);
	number = s.case_number != 0 ? s.case_number : decide_system_case(d, s.system);
	for (uint32_t i = 0; i < cases->count; i++) {
		if (cases->numbers[i] == number) {
			return;
		}
	}
	if (number == 0 || cases->count == CASES_MAX) {
		return;
	}
	decide_case_view(d, number, &v);
	if (!v.review && case_status_open(v.status)) {
		cases->numbers[cases->count++] = number;
	}
}

static struct cases
cases_of(const struct fold *f, const struct report *report)
{
	struct cases cases = { .count = 0 };

	for (uint32_t i = 0; i < report->observation_count; i++) {
		for (uint32_t k = 0; k < report->observations[i].key_count; k++) {
			uint32_t source = registry_lookup(fold_registry(f), report->observations[i].keys[k]);

			if (source != REGISTRY_NONE) {
				add_case(fold_decide(f), source, &cases);
			}
		}
	}
	return cases;
}

static void
write_body(struct buffer *b, const struct cases *cases, uint64_t number)
{
	buffer_format(b,
		      "Your report was taken. Its number is %" PRIu64 ".\n\n"
		      "What became of it: GET /v1/reports/%" PRIu64 " with your token.\n",
		      number, number);
	for (uint32_t i = 0; i < cases->count; i++) {
		buffer_format(b,
			      "It is about a source with an open case: %" PRIu32
			      ". How that stands, for anybody: GET /v1/public/cases/%" PRIu32 "\n",
			      cases->numbers[i], cases->numbers[i]);
	}
	buffer_put_text(
	    b, TEXT("\nThis is an answer by a machine, once for each report that was not there before.\n"));
}

void
acknowledge_put(struct pipeline *p, const struct acknowledge *a, uint64_t number, const struct report *report)
{
	struct cases cases = cases_of(pipeline_fold(p), report);
	struct buffer subject, body, about;
	struct fault fault;
	struct mail mail;
	uint64_t id;

	if (!pipeline_answers(p, a->to, ACKNOWLEDGE_DAY_MAX)) {
		return;
	}
	buffer_init(&subject, BODY_MAX);
	buffer_init(&body, BODY_MAX);
	buffer_init(&about, BODY_MAX);
	buffer_format(&subject, "Report %" PRIu64 " was taken", number);
	buffer_format(&about, "report %" PRIu64, number);
	write_body(&body, &cases, number);
	mail = (struct mail){ .to = a->to,
			      .subject = buffer_text(&subject),
			      .body = buffer_text(&body),
			      .is_reply = true,
			      .answers = a->message_id };
	if (outbox_put_mail(p, TEXT("receipt"), buffer_text(&about), &mail, &id, &fault) == RESULT_OK) {
		counter_add(COUNTER_REPORTS_ACKNOWLEDGED, 1);
	}
	buffer_free(&subject);
	buffer_free(&body);
	buffer_free(&about);
}
