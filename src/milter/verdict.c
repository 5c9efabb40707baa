/* milter/verdict.c - the second process: stands behind the filter, and tells the first what the filter said. */
#include "milter/session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const struct session_shared *shared;
static int first_process;

struct verdict {
	struct ticket ticket;
	bool has_ticket, is_spam;
	uint32_t recipients;
};

bool
verdict_is_spam(struct text value)
{
	return text_starts_nocase(text_trim(value), TEXT("yes"));
}

static struct verdict *
verdict_of(SMFICTX *ctx)
{
	struct verdict *v = smfi_getpriv(ctx);

	if (v == NULL) {
		v = calloc(1, sizeof *v);
		(void)smfi_setpriv(ctx, v);
	}
	return v;
}

static sfsistat
on_mail(SMFICTX *ctx, char **arguments)
{
	struct verdict *v = verdict_of(ctx);

	(void)arguments;
	if (v != NULL) {
		*v = (struct verdict){ 0 };
	}
	return SMFIS_CONTINUE;
}

static sfsistat
on_recipient(SMFICTX *ctx, char **arguments)
{
	struct verdict *v = verdict_of(ctx);

	(void)arguments;
	if (v != NULL) {
		v->recipients++;
	}
	return SMFIS_CONTINUE;
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	struct verdict *v = verdict_of(ctx);

	if (v == NULL) {
		return SMFIS_CONTINUE;
	}
	if (!v->has_ticket && text_equal_nocase(text_of(name), TEXT(TICKET_FIELD))) {
		v->has_ticket = ticket_read(text_of(value), &shared->ticket_key, &v->ticket);
	} else if (text_equal_nocase(text_of(name), text_of(shared->settings->verdict_field))) {
		v->is_spam = v->is_spam || verdict_is_spam(text_of(value));
	}
	return SMFIS_CONTINUE;
}

static sfsistat
on_end_of_mail(SMFICTX *ctx)
{
	struct verdict *v = verdict_of(ctx);
	struct buffer b;

	if (v == NULL || !v->has_ticket || v->recipients == 0) {
		return SMFIS_CONTINUE;
	}
	buffer_init(&b, 2 * TICKET_BYTES_MAX);
	buffer_format(&b, "taken %u %s ", v->recipients, v->is_spam ? "spam" : "ham");
	ticket_write(&v->ticket, &shared->ticket_key, &b);
	if (b.full || send(first_process, b.p, b.n, MSG_NOSIGNAL) < 0) {
		log_event(LOG_WARN, "verdict", "why=\"not counted\"");
	}
	buffer_free(&b);
	*v = (struct verdict){ 0 };
	return SMFIS_CONTINUE;
}

static sfsistat
on_close(SMFICTX *ctx)
{
	free(smfi_getpriv(ctx));
	(void)smfi_setpriv(ctx, NULL);
	return SMFIS_CONTINUE;
}

struct smfiDesc
verdict_description(const struct session_shared *with, int fd)
{
	static char name[] = "vouch-milter-verdict";

	shared = with;
	first_process = fd;
	return (struct smfiDesc){ .xxfi_name = name,
				  .xxfi_version = SMFI_VERSION,
				  .xxfi_envfrom = on_mail,
				  .xxfi_envrcpt = on_recipient,
				  .xxfi_header = on_header,
				  .xxfi_eom = on_end_of_mail,
				  .xxfi_close = on_close };
}
