/* notify/notice.c - templates: read, checked, filled. */
#include "notify/notice.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	enum notice_audience audience;
	int64_t minutes;
} notices[] = {
#define NOTICE(id, name, audience, minutes, when) { name, AUDIENCE_##audience, minutes },
#include "notify/notices.def"
#undef NOTICE
};

static const char *const facts_names[] = {
#define FACT(id, name, meaning) name,
#include "notify/facts.def"
#undef FACT
};

/* Made by CMakeLists.txt from src/notify/templates: TEMPLATE("name", "text"). */
static const struct {
	const char *name, *text;
} ours[] = {
#define TEMPLATE(name, text) { name, text },
#include "notify/templates.inc"
#undef TEMPLATE
};

const char *
notice_name(enum notice notice)
{
	check(notice < NOTICE_COUNT);
	return notices[notice].name;
}

enum notice_audience
notice_audience(enum notice notice)
{
	check(notice < NOTICE_COUNT);
	return notices[notice].audience;
}

struct span
notice_interval(enum notice notice)
{
	check(notice < NOTICE_COUNT);
	return (struct span){ notices[notice].minutes * 60000 };
}

/* ---- reading */

/* Cuts "{name}" off the front; false: it begins with no name that there is. */
static bool
cut_fact(struct text *t, enum notice_fact *fact)
{
	const char *end = t->n > 0 && t->p[0] == '{' ? memchr(t->p, '}', t->n) : NULL;
	struct text name;

	if (end == NULL) {
		return false;
	}
	name = (struct text){ t->p + 1, (size_t)(end - t->p) - 1 };
	for (enum notice_fact f = 0; f < FACT_COUNT; f++) {
		if (text_equal(name, text_of(facts_names[f]))) {
			*fact = f;
			t->n -= name.n + 2;
			t->p += name.n + 2;
			return true;
		}
	}
	return false;
}

static bool
names_are_known(struct text line)
{
	enum notice_fact fact;

	while (line.n > 0) {
		if (line.p[0] == '{' || line.p[0] == '}') {
			if (!cut_fact(&line, &fact)) {
				return false;
			}
		} else {
			line.p++;
			line.n--;
		}
	}
	return true;
}

enum result
notice_text_parse(struct text file, struct notice_text *text, struct fault *fault)
{
	struct text rest = file, line;
	unsigned number = 1;

	*text = (struct notice_text){ { "", 0 }, { "", 0 } };
	if (file.n > TEMPLATE_BYTES_MAX) {
		return fault_set(fault, RESULT_BAD_INPUT, "more than %u bytes", TEMPLATE_BYTES_MAX);
	}
	(void)text_cut(&rest, '\n', &line);
	if (!text_starts_nocase(line, TEXT("Subject:"))) {
		return fault_set(fault, RESULT_BAD_INPUT, "line 1: \"Subject: ...\" is wanted");
	}
	text->subject = text_trim((struct text){ line.p + 8, line.n - 8 });
	text->body = rest;
	for (bool more = true; more; number++) {
		if (memchr(line.n == 0 ? "" : line.p, '\0', line.n) != NULL || !names_are_known(line)) {
			return fault_set(fault, RESULT_BAD_INPUT,
					 "line %u: a name in braces that there is is wanted", number);
		}
		if (number == 2 && text_trim(line).n > 0) {
			return fault_set(fault, RESULT_BAD_INPUT, "line 2: it is to be empty");
		}
		if (number == 2) {
			text->body = rest;
		}
		more = rest.n > 0;
		(void)text_cut(&rest, '\n', &line);
	}
	return text->subject.n > 0 && text_trim(text->body).n > 0
		   ? RESULT_OK
		   : fault_set(fault, RESULT_BAD_INPUT, "a subject and a body are wanted");
}

/* *text is empty when the folder has no such file. */
static enum result
read_file(const char *path, struct arena *arena, struct text *text, struct fault *fault)
{
	char *bytes = arena_get(arena, TEMPLATE_BYTES_MAX + 2);
	FILE *file = fopen(path, "re");

	*text = (struct text){ "", 0 };
	if (file == NULL) {
		return errno == ENOENT ? RESULT_OK
				       : fault_set(fault, RESULT_IO, "%s: %s", path, strerror(errno));
	}
	*text = (struct text){ bytes, fread(bytes, 1, TEMPLATE_BYTES_MAX + 1, file) };
	if (ferror(file) != 0) {
		*text = (struct text){ "", 0 };
		(void)fclose(file);
		return fault_set(fault, RESULT_IO, "%s: it cannot be read", path);
	}
	(void)fclose(file);
	return RESULT_OK;
}

static struct text
our_text(enum notice notice)
{
	size_t i = 0;

	while (i < countof(ours) && strcmp(ours[i].name, notice_name(notice)) != 0) {
		i++;
	}
	check(i < countof(ours)); /* each notice has a file in src/notify/templates */
	return text_of(ours[i].text);
}

enum result
notice_texts_read(const char *folder, struct arena *arena, struct notice_text texts[NOTICE_COUNT],
		  struct fault *fault)
{
	for (enum notice n = 0; n < NOTICE_COUNT; n++) {
		const char *path =
		    folder == NULL ? NULL : arena_format(arena, "%s/%s.txt", folder, notice_name(n));
		struct text file = { "", 0 };
		struct fault why = { { 0 } };
		enum result r = path == NULL ? RESULT_OK : read_file(path, arena, &file, fault);

		if (r != RESULT_OK) {
			return r;
		}
		r = notice_text_parse(file.n > 0 ? file : our_text(n), &texts[n], &why);
		if (r != RESULT_OK) {
			return fault_set(fault, r, "%s: %s", path == NULL ? notice_name(n) : path, why.text);
		}
	}
	return RESULT_OK;
}

/* ---- filling */

static struct text
without_end(struct text t)
{
	while (t.n > 0 && (t.p[t.n - 1] == '\n' || t.p[t.n - 1] == ' ')) {
		t.n--;
	}
	return t;
}

static void
put_lines(struct text fact, struct buffer *out)
{
	struct text line;

	while (fact.n > 0) {
		(void)text_cut(&fact, '\n', &line);
		buffer_put_text(out, TEXT("  "));
		buffer_put_text(out, line);
		buffer_put_text(out, TEXT("\n"));
	}
}

static void
fill_line(struct text line, const struct text facts[FACT_COUNT], struct buffer *out)
{
	enum notice_fact fact;

	while (line.n > 0) {
		if (cut_fact(&line, &fact)) {
			buffer_put_text(out, without_end(facts[fact]));
		} else {
			buffer_put(out, line.p, 1);
			line.p++;
			line.n--;
		}
	}
}

void
notice_fill(struct text pattern, const struct text facts[FACT_COUNT], struct buffer *out)
{
	struct text line, rest;
	enum notice_fact fact;
	bool more;

	while (pattern.n > 0) {
		more = text_cut(&pattern, '\n', &line);
		if (more && line.n == 0 && out->n > 1 && out->p[out->n - 1] == '\n' &&
		    out->p[out->n - 2] == '\n') {
			continue; /* a fact between two empty lines was left out */
		}
		rest = line;
		if (more && cut_fact(&rest, &fact) && text_trim(rest).n == 0) {
			put_lines(without_end(facts[fact]), out);
			continue;
		}
		fill_line(line, facts, out);
		if (more) {
			buffer_put_text(out, TEXT("\n"));
		}
	}
}
