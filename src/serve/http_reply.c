/* Replies: JSON, and the one form of errors. */
#include "serve/http.h"

#include <string.h>

static int
put_json(const char *p, size_t n, void *body)
{
	buffer_put(body, p, n);
	return 0;
}

void
http_reply_json(struct http_reply *reply, json_t *root)
{
	check(root != NULL);
	reply->status = 200;
	reply->type = "application/json";
	buffer_clear(&reply->body);
	check(json_dump_callback(root, put_json, &reply->body, JSON_COMPACT) == 0);
	buffer_put(&reply->body, "\n", 1);
	json_decref(root);
}

/* Words may quote what somebody sent: bytes that are no UTF-8 become '?', so that the reply is JSON all the same. */
static json_t *
json_of_words(struct text words)
{
	json_t *s = json_stringn(words.p == NULL ? "" : words.p, words.n);
	struct arena arena = { 0 };
	char *copy;

	if (s != NULL) {
		return s;
	}
	copy = text_copy(&arena, words);
	for (size_t i = 0; i < words.n; i++) {
		copy[i] = (copy[i] & 0x80) != 0 ? '?' : copy[i];
	}
	s = json_stringn(copy, words.n);
	arena_clear(&arena);
	check(s != NULL);
	return s;
}

void
http_reply_fault_at(struct http_reply *reply, enum result r, struct text words, uint64_t line,
		    struct text field)
{
	json_t *root = json_object();

	check(r != RESULT_OK && root != NULL);
	check(json_object_set_new(root, "error", json_of_words(words)) == 0);
	check(json_object_set_new(root, "result", json_string(result_name(r))) == 0);
	if (line > 0) {
		check(json_object_set_new(root, "line", json_integer((json_int_t)line)) == 0);
	}
	if (field.n > 0) {
		check(json_object_set_new(root, "field", json_of_words(field)) == 0);
	}
	http_reply_json(reply, root);
	reply->status = result_http(r);
}

void
http_reply_fault(struct http_reply *reply, enum result r, const struct fault *fault)
{
	bool has = fault != NULL && fault->text[0] != '\0';

	http_reply_fault_at(reply, r, text_of(has ? fault->text : result_sentence(r)), 0, (struct text){ 0 });
}
