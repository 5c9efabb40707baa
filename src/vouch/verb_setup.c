/* Verbs that set a programme up: init writes files here, import changes the registry of the daemon. */
#include "base/limits.h"
#include "vouch/file.h"
#include "vouch/table.h"
#include "vouch/vouch.h"
#include "vouchd/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPLATE_BYTES_MAX 65536

static enum result
make_folder(struct vouch *v, const char *path, mode_t mode)
{
	if (mkdir(path, mode) != 0 && errno != EEXIST) {
		return fault_set(&v->fault, RESULT_IO, "%s: %s", path, strerror(errno));
	}
	return RESULT_OK;
}

/* Never over a file that is there. */
static enum result
write_new(struct vouch *v, const char *path, const struct buffer *b)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	bool whole;

	if (fd < 0) {
		return fault_set(&v->fault, errno == EEXIST ? RESULT_CONFLICT : RESULT_IO, "%s: %s", path,
				 errno == EEXIST ? "is there already; it was left as it is"
						 : strerror(errno));
	}
	whole = write(fd, b->p, b->n) == (ssize_t)b->n;
	whole = close(fd) == 0 && whole;
	return whole ? RESULT_OK : fault_set(&v->fault, RESULT_IO, "%s: could not be written whole", path);
}

enum result
verb_init(struct vouch *v)
{
	const char *dir = v->args.operand_count == 1 ? v->args.operands[0] : ".";
	bool here = v->args.operand_count == 0;
	const char *file = here ? "vouch.yaml" : arena_format(&v->arena, "%s/vouch.yaml", dir), *data;
	struct config config;
	struct buffer b;
	enum result r = config_load(NULL, &v->arena, &config, &v->fault);

	buffer_init(&b, TEMPLATE_BYTES_MAX);
	config_write_template(&b);
	check(r == RESULT_OK && !b.full);
	data = here ? config.data : arena_format(&v->arena, "%s/%s", dir, config.data);
	r = make_folder(v, dir, 0755);
	if (r == RESULT_OK) {
		r = write_new(v, file, &b);
	}
	if (r == RESULT_OK) {
		r = make_folder(v, data, 0700);
	}
	buffer_free(&b);
	if (r != RESULT_OK) {
		return r;
	}
	if (vouch_has(v, FLAG_json)) {
		json_t *root = json_pack("{s:s,s:s}", "config", file, "data", data);

		check(root != NULL);
		vouch_print_json(root);
		json_decref(root);
	} else {
		(void)printf("wrote %s, made %s\nnext: vouchd -c %s\n", file, data, file);
	}
	return RESULT_OK;
}

static enum result
post_programme(struct vouch *v, struct text yaml, bool apply, json_t **answer)
{
	const char *path = client_path(&v->client, &v->arena, "/v1/programme?name=", v->args.operands[0],
				       apply ? "&apply=1" : "&apply=0");

	return client_ask_json(&v->client, path, &yaml, answer, &v->fault);
}

static void
print_changes(const struct vouch *v, const json_t *changes)
{
	for (size_t i = 0; i < json_array_size(changes); i++) {
		const json_t *line = json_array_get(changes, i);
		const char *words = json_string_value(line);
		const char *colour = words == NULL || !v->colour ? ""
				     : words[0] == '+'           ? "\033[32m"
				     : words[0] == '-'           ? "\033[31m"
								 : "\033[33m";

		(void)fputs(colour, stdout);
		table_line(stdout, (struct text){ words, json_string_length(line) });
		(void)fputs(colour[0] == '\0' ? "" : "\033[0m", stdout);
	}
}

/* --yes, or a person at the terminal who says so. */
static bool
may_apply(const struct vouch *v)
{
	char answer[16];

	if (vouch_has(v, FLAG_yes)) {
		return true;
	}
	if (vouch_has(v, FLAG_json) || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    strcmp(v->args.operands[0], "-") == 0) {
		return false;
	}
	(void)printf("apply? y/N ");
	(void)fflush(stdout);
	return fgets(answer, sizeof answer, stdin) != NULL &&
	       (strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0);
}

static enum result
apply_programme(struct vouch *v, struct text yaml, const json_t *shown)
{
	json_t *answer = NULL;
	size_t count = json_array_size(json_object_get(shown, "changes"));
	enum result r = RESULT_OK;

	if (count == 0 || vouch_has(v, FLAG_dry_run)) {
		answer = json_incref((json_t *)shown);
	} else if (!may_apply(v)) {
		return fault_set(&v->fault, RESULT_NOT_ALLOWED,
				 "nothing was applied; --yes applies the changes");
	} else {
		r = post_programme(v, yaml, true, &answer);
	}
	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(answer);
	} else if (r == RESULT_OK && count == 0) {
		(void)puts("nothing to change");
	} else if (r == RESULT_OK && !vouch_has(v, FLAG_dry_run)) {
		(void)printf("applied %zu changes\n", json_array_size(json_object_get(answer, "changes")));
	}
	json_decref(answer);
	return r;
}

enum result
verb_import(struct vouch *v)
{
	json_t *shown = NULL;
	struct buffer yaml;
	enum result r;

	buffer_init(&yaml, REPORT_BYTES_MAX);
	r = file_read(v->args.operands[0], &yaml, &v->fault);
	if (r == RESULT_OK) {
		r = vouch_connect(v);
	}
	if (r == RESULT_OK) {
		r = post_programme(v, buffer_text(&yaml), false, &shown);
	}
	if (r == RESULT_OK) {
		if (!vouch_has(v, FLAG_json)) {
			print_changes(v, json_object_get(shown, "changes"));
		}
		r = apply_programme(v, buffer_text(&yaml), shown);
	}
	json_decref(shown);
	buffer_free(&yaml);
	return r;
}
