/*
 * notify/notice.h - what members are told (notices.def), and the words for it: templates that people can read and change.
 *
 * A template is a text: a line "Subject: ...", an empty line, the body. {name} stands for a fact (facts.def). A line that is {name} alone
 * becomes the lines of the fact, each behind two blanks, and goes when there are none; of empty lines one behind another, one stays. Ours lie in src/notify/templates and are built in;
 * a folder of the operator's may have others of the same names. Pure but for notice_texts_read. Test: tests/unit/notice_test.c,
 * tests/fuzz/template_fuzz.c.
 */
#ifndef NOTIFY_NOTICE_H
#define NOTIFY_NOTICE_H

#include "base/instant.h"

enum notice {
#define NOTICE(id, name, audience, minutes, when) NOTICE_##id,
#include "notify/notices.def"
#undef NOTICE
	NOTICE_COUNT
};

enum notice_fact {
#define FACT(id, name, meaning) FACT_##id,
#include "notify/facts.def"
#undef FACT
	FACT_COUNT
};

enum notice_audience { AUDIENCE_ALERTS, AUDIENCE_NOTICES };

const char *notice_name(enum notice notice);
enum notice_audience notice_audience(enum notice notice);
struct span notice_interval(enum notice notice);

#define TEMPLATE_BYTES_MAX 16384U

struct notice_text {
	struct text subject, body; /* with their {names} */
};

/* Reads a template; its texts lie in `file`. Errors: RESULT_BAD_INPUT, the fault says which line. */
enum result notice_text_parse(struct text file, struct notice_text *text, struct fault *fault) MUST_USE;

/*
 * The templates of all notices: ours, or those of the folder (NULL: none) where it has a file NAME.txt. Texts lie in the arena. Errors:
 * RESULT_BAD_INPUT, RESULT_IO; the fault names file and line.
 */
enum result notice_texts_read(const char *folder, struct arena *arena, struct notice_text texts[NOTICE_COUNT],
			      struct fault *fault) MUST_USE;

/* Appends a subject or a body with its facts. Blanks and line ends at the end of a fact do not count. */
void notice_fill(struct text pattern, const struct text facts[FACT_COUNT], struct buffer *out);

#endif
