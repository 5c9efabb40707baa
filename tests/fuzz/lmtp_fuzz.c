/*
 * Any bytes as an LMTP client, in pieces of any size: the session says the same as for one piece, and messages keep their bounds.
 * The first byte chooses the size of the pieces.
 */
#include "base/limits.h"
#include "intake/lmtp.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What came of a session: all that it said, and all messages. */
struct outcome {
	struct buffer said, messages;
};

/* Plays the client. */
static void
play(struct text bytes, size_t piece, struct outcome *o)
{
	const struct lmtp_rules rules = { .hostname = TEXT("vouch.example") };
	struct lmtp *s = lmtp_open(&rules);
	size_t at = 0;

	buffer_init(&o->said, (size_t)1 << 26);
	buffer_init(&o->messages, (size_t)1 << 26);
	while (at < bytes.n && !lmtp_closed(s)) {
		size_t left = bytes.n - at, n = left < piece ? left : piece;
		struct lmtp_message m;

		at += lmtp_feed(s, (struct text){ bytes.p + at, n });
		if (lmtp_message(s, &m)) {
			check(m.recipient_count >= 1 && m.recipient_count <= LMTP_RECIPIENTS_MAX);
			check(m.content.n <= MAIL_BYTES_MAX);
			buffer_put_text(&o->messages, m.sender);
			buffer_put_text(&o->messages, m.content);
			lmtp_answer(s, &(enum result){ RESULT_OK }, 1);
		}
		buffer_put_text(&o->said, lmtp_output(s));
		lmtp_sent(s, lmtp_output(s).n);
	}
	lmtp_end(s, "done");
	check(lmtp_closed(s));
	lmtp_free(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;
	struct text bytes;

	if (size < 2) {
		return 0;
	}
	bytes = (struct text){ (const char *)data + 1, size - 1 };
	play(bytes, bytes.n, &whole);
	play(bytes, (size_t)data[0] % 32 + 1, &pieces);
	check(text_equal(buffer_text(&whole.said), buffer_text(&pieces.said)));
	check(text_equal(buffer_text(&whole.messages), buffer_text(&pieces.messages)));
	buffer_free(&whole.said);
	buffer_free(&whole.messages);
	buffer_free(&pieces.said);
	buffer_free(&pieces.messages);
	return 0;
}
