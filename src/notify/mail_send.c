/* notify/mail_send.c - one mail by SMTP; libcurl speaks it, and what the server answers is read as done, later or never. */
#include "notify/mail.h"

#include "base/limits.h"

#include <curl/curl.h>
#include <string.h>

#define CONNECT_SECONDS 15L
#define MAIL_SECONDS    120L

enum result
mail_server_check(const char *url, struct fault *fault)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *path = NULL, *user = NULL;
	bool fits;

	check(u != NULL);
	fits = curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	       curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	       (strcmp(scheme, "smtp") == 0 || strcmp(scheme, "smtps") == 0) &&
	       curl_url_get(u, CURLUPART_PATH, &path, 0) == CURLUE_OK && strcmp(path, "/") == 0 &&
	       curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_NO_USER;
	curl_free(scheme);
	curl_free(path);
	curl_free(user);
	curl_url_cleanup(u);
	return fits ? RESULT_OK
		    : fault_set(fault, RESULT_BAD_INPUT,
				"smtp://HOST[:PORT] or smtps://HOST[:PORT] is wanted, not \"%s\"", url);
}

/* ---- one try */

struct upload {
	struct text rest;
	delivery_stop_fn *stop;
	void *context;
};

static size_t
give(char *to, size_t size, size_t count, void *context)
{
	struct upload *u = context;
	size_t n = size * count < u->rest.n ? size * count : u->rest.n;

	memcpy(to, u->rest.p, n);
	u->rest.p += n;
	u->rest.n -= n;
	return n;
}

static int
on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct upload *u = context;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return u->stop(u->context) ? 1 : 0;
}

static bool
prepare(CURL *curl, const struct mail_server *s, struct curl_slist *to, struct upload *upload)
{
	bool tls = s->tls || strncmp(s->url, "smtps:", 6) == 0;

	return curl_easy_setopt(curl, CURLOPT_URL, s->url) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT, MAIL_SECONDS) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(tls ? CURLUSESSL_ALL : CURLUSESSL_NONE)) ==
		   CURLE_OK &&
	       (s->user[0] == '\0' || (curl_easy_setopt(curl, CURLOPT_USERNAME, s->user) == CURLE_OK &&
				       curl_easy_setopt(curl, CURLOPT_PASSWORD, s->password) == CURLE_OK)) &&
	       curl_easy_setopt(curl, CURLOPT_MAIL_FROM, s->bounces) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_READFUNCTION, give) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_READDATA, upload) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_XFERINFODATA, upload) == CURLE_OK;
}

/*
 * A 5xx is the server's last word about this mail when it came to the sender, the recipient or the content; in the greeting or
 * about our login it is something that the operator will put right.
 */
static bool
is_refusal(CURLcode how, long code, bool sent)
{
	bool about_login = code == 530 || code == 534 || code == 535 || code == 538;

	return code >= 500 && code <= 599 && !about_login &&
	       (how == CURLE_SEND_ERROR || (how == CURLE_WEIRD_SERVER_REPLY && sent));
}

struct delivery
mail_send(const struct mail_server *server, struct text to, struct text message, delivery_stop_fn *stop,
	  void *context)
{
	struct upload upload = { message, stop, context };
	struct arena arena = { 0 };
	struct curl_slist *list = curl_slist_append(NULL, text_copy(&arena, to));
	struct delivery d = { .outcome = DELIVERY_LATER };
	CURL *curl = curl_easy_init();
	CURLcode how = CURLE_FAILED_INIT;

	if (curl != NULL && list != NULL && prepare(curl, server, list, &upload)) {
		how = curl_easy_perform(curl);
		(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &d.code);
	}
	if (how == CURLE_OK) {
		d.outcome = DELIVERY_DONE;
	} else if (is_refusal(how, d.code, upload.rest.n < message.n)) {
		d.outcome = DELIVERY_REFUSED;
	}
	d.words = how == CURLE_OK ? "" : curl_easy_strerror(how);
	curl_easy_cleanup(curl);
	curl_slist_free_all(list);
	arena_clear(&arena);
	return d;
}
