/*
 * Feedback mails as mailbox operators send them (RFC 5965): each provider of providers.def has its own form, line ends and
 * fields, so that a reader meets what it meets in life.
 */
#include "sim/sim_int.h"

#include "base/hash.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MAIL_BYTES      16384U
#define DATE_BYTES      40U
#define RECIPIENT_BYTES (2U * NAME_BYTES_MAX + 32U)
#define TEXT_LINES      3U
#define TEXT_WORDS      10U

enum form { FORM_FULL, FORM_HEADERS };
enum eol { EOL_LF, EOL_CRLF };

static const struct provider {
	const char *host;
	enum form form;
	enum eol eol;
	bool says_source;
	const char *agent;
} providers[] = {
#define SIM_PROVIDER(id, name, host, mail, complaints, form, eol, says_source, agent) \
	{ host, FORM_##form, EOL_##eol, says_source, agent },
#include "sim/providers.def"
#undef SIM_PROVIDER
};
/* Who has the addresses that stand in one list only. */
static const struct provider canary_network = { CANARY_HOST, FORM_HEADERS, EOL_LF, true, "Canaries/1.0" };

static const struct subject {
	bool takeover;
	const char *text;
} subjects[] = {
#define SIM_SUBJECT(takeover, text) { takeover, text },
#include "sim/subjects.def"
#undef SIM_SUBJECT
};

/* What the text of a mail is made of. */
static const char *const words[] = {
#define SIM_WORD(word) word,
#include "sim/words.def"
#undef SIM_WORD
};

/* What one feedback mail is made from. */
struct letter {
	const struct provider *provider;
	const char *subject, *domain;
	char from[SIM_DOMAIN_BYTES], link[SIM_DOMAIN_BYTES]; /* link: empty for none */
	char address[PREFIX_TEXT_BYTES];
	char reported[DATE_BYTES], mailed[DATE_BYTES];
	char recipient[RECIPIENT_BYTES]; /* empty: redacted */
	uint32_t cluster;                /* its template */
	bool lure;
	unsigned long long number; /* tells mails apart */
	bool signs;                /* `domain` is a source of the member, and has signed */
	bool takeover;
};

static void
format_date(struct instant at, char out[DATE_BYTES])
{
	time_t seconds = (time_t)(at.ms / 1000);
	struct tm tm;

	(void)gmtime_r(&seconds, &tm);
	(void)strftime(out, DATE_BYTES, "%a, %d %b %Y %H:%M:%S +0000", &tm);
}

static const char *
subject_of(bool takeover, uint64_t number)
{
	size_t i = number % countof(subjects);

	while (subjects[i].takeover != takeover) {
		i = (i + 1) % countof(subjects);
	}
	return subjects[i].text;
}

static void
fill(struct letter *l, const struct sim *sim, const struct sim_observation *o)
{
	l->takeover = sim_event_is_takeover(o->because);
	l->number = hash_fast(&o->serial, sizeof(o->serial));
	l->cluster = o->content.cluster;
	l->lure = o->content.lure;
	l->subject = subject_of(l->takeover, o->content.cluster);
	l->signs = o->domain != SIM_NONE;
	l->domain =
	    l->signs ? sim->sources[o->domain].key : sim->members[sim->systems[o->system].member].domain;
	if (sim->sources[o->source].kind == SOURCE_IP || sim->sources[o->source].kind == SOURCE_PREFIX) {
		(void)write_address(sim, o, l->address);
	} else { /* an account: its mail comes from an address of its provider */
		(void)snprintf(l->address, sizeof l->address, "198.51.100.1");
	}
	(void)sim_domain(sim, o->content.from, l->from);
	if (o->content.link != SIM_NONE) {
		(void)sim_domain(sim, o->content.link, l->link);
	}
	format_date(o->at, l->reported);
	format_date(o->mailed, l->mailed);
}

static void
put_head(const struct letter *l, struct buffer *b)
{
	const char *host = l->provider->host;

	buffer_format(b,
		      "From: <feedback@%s>\n"
		      "To: <reports@vouch.example>\n"
		      "Subject: FW: %s\n"
		      "Date: %s\n"
		      "Message-ID: <%016llx@%s>\n"
		      "MIME-Version: 1.0\n"
		      "Content-Type: multipart/report; report-type=feedback-report;\n"
		      "\tboundary=\"part-%016llx\"\n\n",
		      host, l->subject, l->reported, l->number, host, l->number);
	buffer_format(b,
		      "--part-%016llx\n"
		      "Content-Type: text/plain; charset=us-ascii\n\n"
		      "A recipient at %s %s.\n\n",
		      l->number, host,
		      l->recipient[0] != '\0' ? "stands in one list alone"
					      : "has marked this message as unwanted");
}

static void
put_fields(const struct letter *l, struct buffer *b)
{
	const struct provider *p = l->provider;

	buffer_format(b,
		      "--part-%016llx\n"
		      "Content-Type: message/feedback-report\n\n"
		      "Feedback-Type: %s\n"
		      "User-Agent: %s\n"
		      "Version: 1\n"
		      "Original-Mail-From: <bounce@%s>\n"
		      "Arrival-Date: %s\n",
		      l->number, l->takeover && l->number % 4 == 0 ? "fraud" : "abuse", p->agent, l->domain,
		      l->mailed);
	if (l->recipient[0] != '\0') {
		buffer_format(b, "Original-Rcpt-To: <%s>\n", l->recipient);
	}
	if (p->says_source) {
		buffer_format(b, "Source-IP: %s\n", l->address);
	}
	if (l->signs) {
		buffer_format(b,
			      "Reported-Domain: %s\n"
			      "Authentication-Results: %s; dkim=pass header.d=%s\n",
			      l->domain, p->host, l->domain);
	}
	buffer_put_text(b, TEXT("\n"));
}

/* The text of a template: equal in all its mails, and hardly a word as in another's. */
static void
put_text(const struct letter *l, struct buffer *b)
{
	for (uint32_t line = 0; line < TEXT_LINES; line++) {
		for (uint32_t i = 0; i < TEXT_WORDS; i++) {
			uint32_t place[] = { l->cluster, line, i };

			buffer_format(b, "%s%s", i > 0 ? " " : "",
				      words[hash_fast(place, sizeof place) % countof(words)]);
		}
		buffer_put_text(b, TEXT(".\n"));
	}
	if (l->lure) {
		buffer_put_text(b, TEXT("\nSign in to your account to go on.\n"));
	}
}

/* The mail itself, in the form in which the provider hands it on. */
static void
put_mail(const struct letter *l, enum form form, struct buffer *b)
{
	const struct provider *p = l->provider;
	const char *tag = strchr(l->address, ':') != NULL ? "IPv6:" : "";

	buffer_format(b,
		      "Return-Path: <bounce@%s>\n"
		      "Received: from out.%s (out.%s [%s%s])\n"
		      "\tby mx%llu.%s with ESMTPS id %08llx;\n"
		      "\t%s\n"
		      "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s;\n"
		      "\ts=s1; h=from:to:subject:date; bh=c2ltdWxhdGVk; b=c2ltdWxhdGVk\n",
		      l->domain, l->domain, l->domain, tag, l->address, l->number % 9 + 1, p->host,
		      l->number >> 32, l->mailed, l->domain);
	buffer_format(b,
		      "From: <news@%s>\n"
		      "To: <redacted@%s>\n"
		      "Subject: %s\n"
		      "Date: %s\n"
		      "Message-ID: <%llx@%s>\n"
		      "MIME-Version: 1.0\n"
		      "Content-Type: text/plain; charset=us-ascii\n\n",
		      l->from, p->host, l->subject, l->mailed, l->number ^ 0xa5a5a5a5U, l->domain);
	if (form == FORM_FULL) {
		buffer_format(b, "Hello,\n\n%s.\n\n", l->subject);
		put_text(l, b);
	}
	if (form == FORM_FULL && l->link[0] != '\0') {
		buffer_format(b, "\nhttps://%s/%llx\n", l->link, l->number % 997);
	}
}

static void
put_reported(const struct letter *l, struct buffer *b)
{
	buffer_format(b, "--part-%016llx\nContent-Type: %s\n\n", l->number,
		      l->provider->form == FORM_FULL ? "message/rfc822" : "text/rfc822-headers");
	put_mail(l, l->provider->form, b);
	buffer_format(b, "\n--part-%016llx--\n", l->number);
}

void
sim_write_mail(const struct sim *sim, const struct sim_observation *o, struct buffer *b)
{
	struct letter letter = { .provider = &providers[0] };

	check(o->kind == SIM_SAMPLE);
	fill(&letter, sim, o);
	put_mail(&letter, FORM_FULL, b);
}

/* Whoever stole the list mails it from a network that is nobody's here (RFC 9637), in a name of its own. */
static void
fill_canary(struct letter *l, const struct sim *sim, const struct sim_observation *o)
{
	const struct sim_member *member = &sim->members[sim->systems[o->system].member];

	l->takeover = true;
	l->number = hash_fast(&o->serial, sizeof(o->serial));
	l->subject = subject_of(true, l->number);
	l->domain = "bulk-mail.example";
	(void)snprintf(l->from, sizeof l->from, "%s", l->domain);
	(void)snprintf(l->address, sizeof l->address, "3fff::%llx", l->number % 250 + 1);
	(void)snprintf(l->recipient, sizeof l->recipient, "list-%llu@%s.%s", l->number % 1000, member->id,
		       CANARY_HOST);
	format_date(o->at, l->reported);
	format_date(o->mailed, l->mailed);
}

static void
put_letter(const struct letter *l, struct buffer *b)
{
	struct buffer lf;

	buffer_init(&lf, MAIL_BYTES);
	put_head(l, &lf);
	put_fields(l, &lf);
	put_reported(l, &lf);
	check(!lf.full);
	if (l->provider->eol == EOL_LF) {
		buffer_put_text(b, buffer_text(&lf));
	} else {
		struct text rest = buffer_text(&lf), line;

		while (text_cut(&rest, '\n', &line)) {
			buffer_put_text(b, line);
			buffer_put_text(b, TEXT("\r\n"));
		}
	}
	buffer_free(&lf);
}

void
sim_write_arf(const struct sim *sim, const struct sim_observation *o, struct buffer *b)
{
	struct letter letter = { .provider = &providers[o->feed] };

	check(o->signal == SIGNAL_COMPLAINT && o->feed < SIM_RECEIVER_COUNT);
	fill(&letter, sim, o);
	put_letter(&letter, b);
}

void
sim_write_canary(const struct sim *sim, const struct sim_observation *o, struct buffer *b)
{
	struct letter letter = { .provider = &canary_network };

	check(o->kind == SIM_CANARY);
	fill_canary(&letter, sim, o);
	put_letter(&letter, b);
}
