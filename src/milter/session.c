/* milter/session.c - the callbacks of libmilter. Those of one connection come one after another, so a session is not shared. */
#include "milter/session.h"

#include "base/limits.h"
#include "intake/content.h"
#include "milter/mark.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define ID_BYTES    256U
#define COMPLAIN_NS INT64_C(60000000000)

static const struct session_shared *shared;
static const struct settings *settings;

struct session {
	struct prefix client;
	bool passes; /* its mail goes on as it is: internal, authenticated, or of nobody knows whom */
	char authserv_id[ID_BYTES];
	struct lookup *lookup; /* opened when it is needed */
	struct mark mark;
	bool has_mark;       /* a mail is under way */
	bool is_looked_up;   /* its header was seen to the end */
	uint32_t recipients; /* that were accepted */
	uint32_t unknown;    /* that do not exist */
	bool is_spam;        /* by the word of a filter that stands before us */
	struct buffer head;  /* what is looked at of a mail that is counted: some of its header, */
	struct buffer body;  /* and its body, with LF line ends */
	unsigned long quiet; /* SMFIP_NR_*: events that the mail server wants no answer to */
};

/*
 * Over TCP Postfix writes without TCP_NODELAY, so what it writes behind a command without an answer waits until that is acknowledged: 40 ms a mail. Its last
 * small write before the header is what goes with DATA; an answer to that acknowledges at once.
 */
static bool
answers_data(void)
{
	return strncmp(settings->socket, "inet", 4) == 0;
}

static sfsistat
go_on(const struct session *s, unsigned long event)
{
	return s != NULL && (s->quiet & event) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

/* ---- a connection */

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1, unsigned long f2, unsigned long f3,
	     unsigned long *pf0, unsigned long *pf1, unsigned long *pf2, unsigned long *pf3)
{
	struct session *s = calloc(1, sizeof *s);
	unsigned long wanted =
	    SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NR_CONN | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_HDR;

	(void)f2;
	(void)f3;
	wanted |= answers_data() ? 0 : SMFIP_NODATA;
	wanted |= shared->counts == NULL ? SMFIP_NOBODY | SMFIP_NORCPT : SMFIP_RCPT_REJ | SMFIP_SKIP;
	*pf0 = f0 & (SMFIF_ADDHDRS | SMFIF_CHGHDRS);
	*pf1 = f1 & wanted;
	*pf2 = 0;
	*pf3 = 0;
	if (s != NULL) {
		s->passes = true;
		s->quiet = *pf1;
		buffer_init(&s->head, LOOK_BYTES_MAX);
		buffer_init(&s->body, LOOK_BYTES_MAX);
		(void)smfi_setpriv(ctx, s);
	}
	return SMFIS_CONTINUE;
}

static bool
read_client(const _SOCK_ADDR *from, struct prefix *client)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (from != NULL && from->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)from;

		*client = (struct prefix){ .family = 4, .bits = 32 };
		memcpy(client->bytes, &in->sin_addr, 4);
		return true;
	}
	if (from != NULL && from->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)from;

		*client = (struct prefix){ .family = 6, .bits = 128 };
		memcpy(client->bytes, &in6->sin6_addr, 16);
		if (memcmp(client->bytes, mapped, sizeof mapped) == 0) {
			*client = (struct prefix){ .family = 4, .bits = 32 };
			memcpy(client->bytes, (const uint8_t *)&in6->sin6_addr + 12, 4);
		}
		return true;
	}
	return false;
}

static bool
is_internal(const struct prefix *client)
{
	for (size_t i = 0; i < settings->internal.count; i++) {
		if (prefix_contains(&settings->internal.items[i], client)) {
			return true;
		}
	}
	return false;
}

static void
name_ourselves(SMFICTX *ctx, struct session *s)
{
	const char *given =
	    settings->authserv_id[0] != '\0' ? settings->authserv_id : smfi_getsymval(ctx, "j");

	if (given != NULL && strlen(given) < sizeof s->authserv_id) {
		memcpy(s->authserv_id, given, strlen(given) + 1);
	} else if (gethostname(s->authserv_id, sizeof s->authserv_id - 1) != 0) {
		s->passes = true;
	}
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *from)
{
	struct session *s = smfi_getpriv(ctx);

	(void)name;
	if (s != NULL) {
		s->passes = !read_client(from, &s->client) || is_internal(&s->client);
		name_ourselves(ctx, s);
	}
	return go_on(s, SMFIP_NR_CONN);
}

/* ---- what is counted */

static bool
begins(struct text name, const char *with)
{
	return text_starts_nocase(name, text_of(with));
}

/* Of the header what says who writes and how the body is built. */
static void
keep_field(struct session *s, struct text name, struct text value)
{
	if (begins(name, "From") || begins(name, "Content-") || begins(name, "MIME-Version")) {
		buffer_put_text(&s->head, name);
		buffer_put(&s->head, ": ", 2);
		buffer_put_text(&s->head, value);
		buffer_put(&s->head, "\n", 1);
	}
	if (settings->verdict_socket[0] == '\0' && settings->verdict_field[0] != '\0' &&
	    text_equal_nocase(name, text_of(settings->verdict_field))) {
		s->is_spam = s->is_spam || verdict_is_spam(value);
	}
}

static void
count_domains(struct session *s, const char *sources)
{
	struct arena arena = { 0 };
	struct content content;
	struct text from, links, one;

	content_read_mail(&content, &from, buffer_text(&s->head), buffer_text(&s->body), &arena);
	counts_domain(shared->counts, sources, "from_domain", from);
	for (links = content.links; links.n > 0;) {
		(void)text_cut(&links, ' ', &one);
		counts_domain(shared->counts, sources, "link_domain", one);
	}
	arena_clear(&arena);
}

static void look_up(SMFICTX *ctx, struct session *s);

/* Counts the mail once: when it was taken, or when it is over. Mail of which all recipients are unknown has not been asked for yet. */
static void
count(SMFICTX *ctx, struct session *s, bool taken)
{
	const struct instant any = { 0 };
	struct buffer b;
	const char *sources;

	if (shared->counts == NULL || !s->has_mark || (!taken && s->unknown == 0)) {
		return;
	}
	if (!s->is_looked_up) {
		look_up(ctx, s);
	}
	buffer_init(&b, TICKET_SOURCES_MAX);
	mark_write_sources(&s->mark, &b);
	buffer_put(&b, "", 1);
	sources = (const char *)b.p;
	if (!b.full && sources[0] != '\0') {
		if (s->unknown > 0) {
			counts_add(shared->counts, sources, SIGNAL_UNKNOWN_USER, any, s->unknown);
		}
		if (taken && settings->verdict_socket[0] == '\0' && s->recipients > 0) {
			counts_add(shared->counts, sources, SIGNAL_DELIVERED, any, s->recipients);
		}
		if (taken && s->is_spam && s->recipients > 0) {
			counts_add(shared->counts, sources, SIGNAL_SPAM_VERDICT, any, s->recipients);
		}
		if (taken) {
			count_domains(s, sources);
		}
	}
	buffer_free(&b);
	s->unknown = 0;
}

/* The end of a mail, however it came. */
static void
forget_mail(SMFICTX *ctx, struct session *s)
{
	count(ctx, s, false);
	if (s->has_mark) {
		mark_end(&s->mark);
	}
	s->has_mark = false;
	s->is_looked_up = false;
	s->is_spam = false;
	s->recipients = 0;
	s->unknown = 0;
	buffer_free(&s->head); /* a connection that waits for its next mail keeps none of the last */
	buffer_free(&s->body);
}

static sfsistat
on_close(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);

	if (s != NULL) {
		forget_mail(ctx, s);
		lookup_close(s->lookup);
		buffer_free(&s->head);
		buffer_free(&s->body);
		free(s);
		(void)smfi_setpriv(ctx, NULL);
	}
	return SMFIS_CONTINUE;
}

/* ---- a mail */

static sfsistat
on_mail(SMFICTX *ctx, char **arguments)
{
	struct session *s = smfi_getpriv(ctx);
	const char *who = smfi_getsymval(ctx, "{auth_authen}");

	(void)arguments;
	if (s != NULL) {
		forget_mail(ctx, s);
		s->has_mark = !s->passes && (who == NULL || who[0] == '\0');
		if (s->has_mark) {
			mark_begin(&s->mark, settings, s->authserv_id);
		}
	}
	return go_on(s, SMFIP_NR_MAIL);
}

/* Those that do not exist by RFC 3463: intake/bounce_codes.def has the same. */
static bool
is_unknown(const char *status)
{
	static const char *const codes[] = { "5.1.1", "5.1.3", "5.1.6", "5.1.10" };

	for (size_t i = 0; status != NULL && i < countof(codes); i++) {
		if (strcmp(status, codes[i]) == 0) {
			return true;
		}
	}
	return false;
}

static sfsistat
on_recipient(SMFICTX *ctx, char **arguments)
{
	struct session *s = smfi_getpriv(ctx);
	const char *mailer = smfi_getsymval(ctx, "{rcpt_mailer}");

	(void)arguments;
	if (s != NULL && (mailer == NULL || strcmp(mailer, "error") != 0)) {
		s->recipients++;
	} else if (s != NULL && is_unknown(smfi_getsymval(ctx, "{rcpt_host}"))) {
		s->unknown++;
	}
	return go_on(s, SMFIP_NR_RCPT);
}

static sfsistat
on_data(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	struct session *s = smfi_getpriv(ctx);

	if (s != NULL && s->has_mark) {
		mark_field(&s->mark, text_of(name), text_of(value));
		if (shared->counts != NULL) {
			keep_field(s, text_of(name), text_of(value));
		}
	}
	return go_on(s, SMFIP_NR_HDR);
}

/* At most one line a minute: a resolver that is dead is dead for each mail. */
static void
complain(const struct lookup_question *q)
{
	static _Atomic int64_t next_ns;
	int64_t now_ns = instant_monotonic_ns(), next = atomic_load(&next_ns);

	if (now_ns >= next && atomic_compare_exchange_strong(&next_ns, &next, now_ns + COMPLAIN_NS)) {
		log_event(LOG_WARN, "lookup", "zone=%s why=\"%s\"", q->zone->name,
			  q->answer == LOOKUP_FAILED ? "no answer" : "the list refuses to answer us");
	}
}

static void
look_up(SMFICTX *ctx, struct session *s)
{
	char client[PREFIX_TEXT_BYTES];
	const char *id = smfi_getsymval(ctx, "i");

	s->is_looked_up = true;
	if (s->lookup == NULL) {
		s->lookup = lookup_open(settings);
	}
	if (s->lookup == NULL) {
		log_event(LOG_ERROR, "lookup", "why=\"the resolvers cannot be set up\"");
		return;
	}
	mark_look_up(&s->mark, &s->client, s->lookup);
	for (size_t i = 0; i < s->mark.question_count; i++) {
		if (s->mark.questions[i].answer > LOOKUP_LISTED) {
			complain(&s->mark.questions[i]);
			break;
		}
	}
	if (mark_is_listed(&s->mark)) {
		log_event(LOG_INFO, "listed", "id=%s client=%s", id == NULL ? "-" : id,
			  prefix_format(&s->client, client));
	}
}

static sfsistat
refuse(SMFICTX *ctx, const struct session *s)
{
	const struct lookup_question *q = s->mark.reject;
	char client[PREFIX_TEXT_BYTES], words[512];

	(void)snprintf(words, sizeof words, "%s stands on %s", prefix_format(&s->client, client),
		       q->zone->name);
	(void)smfi_setreply(ctx, "550", "5.7.1", words);
	log_event(LOG_INFO, "rejected", "client=%s zone=%s", client, q->zone->name);
	return SMFIS_REJECT;
}

static sfsistat
on_end_of_header(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);

	if (s != NULL && s->has_mark) {
		look_up(ctx, s);
		if (s->mark.reject != NULL) {
			return refuse(ctx, s);
		}
	}
	return SMFIS_CONTINUE;
}

/* The rest is not wanted when it is not counted, or more than is looked at. */
static sfsistat
on_body(SMFICTX *ctx, unsigned char *bytes, size_t n)
{
	struct session *s = smfi_getpriv(ctx);
	bool wanted = s != NULL && s->has_mark && s->is_looked_up && mark_is_listed(&s->mark);

	while (wanted && n > 0 && s->body.n < LOOK_BYTES_MAX) {
		const unsigned char *cr = memchr(bytes, '\r', n);
		size_t run = cr == NULL ? n : (size_t)(cr - bytes), room = LOOK_BYTES_MAX - s->body.n;

		buffer_put(&s->body, bytes, run < room ? run : room);
		run += cr != NULL;
		bytes += run;
		n -= run;
	}
	wanted = wanted && s->body.n < LOOK_BYTES_MAX;
	return !wanted && s != NULL && (s->quiet & SMFIP_SKIP) != 0 ? SMFIS_SKIP : SMFIS_CONTINUE;
}

/* The last first, so that those before keep their index. */
static void
take_out(SMFICTX *ctx, const struct buffer *removals)
{
	const struct mark_removal *r = (const void *)removals->p;

	for (size_t i = removals->n / sizeof *r; i-- > 0;) {
		(void)smfi_chgheader(ctx, (char *)(uintptr_t)r[i].name, r[i].index, NULL);
	}
}

static void
put_in(SMFICTX *ctx, const char *name, struct buffer *value)
{
	buffer_put(value, "", 1);
	if (!value->full) {
		(void)smfi_insheader(ctx, 0, (char *)(uintptr_t)name, (char *)value->p);
	}
	buffer_clear(value);
}

static void
put_ticket(SMFICTX *ctx, const struct session *s, struct buffer *value)
{
	struct ticket ticket = { .came = instant_now() };
	struct buffer sources;

	buffer_init(&sources, sizeof ticket.sources);
	mark_write_sources(&s->mark, &sources);
	buffer_put(&sources, "", 1);
	if (!sources.full && getrandom(&ticket.id, sizeof ticket.id, 0) == (ssize_t)sizeof ticket.id) {
		memcpy(ticket.sources, sources.p, sources.n);
		ticket_write(&ticket, &shared->ticket_key, value);
		put_in(ctx, TICKET_FIELD, value);
	}
	buffer_free(&sources);
}

static sfsistat
on_end_of_mail(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);
	struct buffer value;

	if (s == NULL || !s->has_mark) {
		return SMFIS_CONTINUE;
	}
	take_out(ctx, &s->mark.removals);
	if (s->is_looked_up && mark_is_listed(&s->mark)) {
		buffer_init(&value, 1U << 16);
		if (shared->counts != NULL) {
			put_ticket(ctx, s, &value);
		}
		if (settings->tag[0] != '\0') {
			mark_write_tag(&s->mark, &value);
			put_in(ctx, settings->tag, &value);
		}
		mark_write(&s->mark, &value); /* above all else, so the last */
		put_in(ctx, "Authentication-Results", &value);
		buffer_free(&value);
	}
	count(ctx, s, true);
	forget_mail(ctx, s);
	return SMFIS_CONTINUE;
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);

	if (s != NULL) {
		forget_mail(ctx, s);
	}
	return SMFIS_CONTINUE;
}

struct smfiDesc
session_description(const struct session_shared *with)
{
	static char name[] = "vouch-milter";

	shared = with;
	settings = with->settings;
	return (struct smfiDesc){ .xxfi_name = name,
				  .xxfi_version = SMFI_VERSION,
				  .xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS,
				  .xxfi_negotiate = on_negotiate,
				  .xxfi_connect = on_connect,
				  .xxfi_envfrom = on_mail,
				  .xxfi_envrcpt = on_recipient,
				  .xxfi_data = on_data,
				  .xxfi_header = on_header,
				  .xxfi_eoh = on_end_of_header,
				  .xxfi_body = on_body,
				  .xxfi_eom = on_end_of_mail,
				  .xxfi_abort = on_abort,
				  .xxfi_close = on_close };
}
