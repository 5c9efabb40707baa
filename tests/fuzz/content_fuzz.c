/* Any bytes as the mail that a complaint carries, and as a page: what is read of it keeps its limits. */
#include "intake_fuzz.h"

#include "intake/html.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char before[] =
    "Content-Type: multipart/report; boundary=OUTER\n\n--OUTER\nContent-Type: message/feedback-report\n\n"
    "Feedback-Type: abuse\nSource-IP: 192.0.2.10\n\n--OUTER\nContent-Type: message/rfc822\n\n";

/* Each piece lies behind the one before, and what is decoded is never longer. */
static void
cut_page(struct text page)
{
	char *out = malloc(page.n + 1);
	const char *at = page.p;
	struct html_piece piece;
	struct html h;

	check(out != NULL);
	html_open(&h, page);
	while (html_next(&h, &piece)) {
		struct text rest = piece.attributes, name, value;

		check(piece.text.p >= at && piece.text.p + piece.text.n <= page.p + page.n);
		at = piece.text.p + piece.text.n;
		check(html_decode(piece.text, false, out) <= piece.text.n);
		while (piece.kind == HTML_OPEN && html_attribute_next(&rest, &name, &value)) {
			check(name.p >= at && value.n <= page.n);
			check(html_decode(value, true, out) <= value.n);
		}
	}
	check(h.rest.n == 0);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = sizeof before - 1 + size;
	uint8_t *mail = malloc(n);

	check(mail != NULL);
	memcpy(mail, before, sizeof before - 1);
	if (size > 0) {
		memcpy(mail + sizeof before - 1, data, size);
	}
	fuzz_intake(INTAKE_ARF, mail, n);
	fuzz_intake(INTAKE_SAMPLE, data, size);
	free(mail);
	cut_page((struct text){ size > 0 ? (const char *)data : "", size });
	return 0;
}
