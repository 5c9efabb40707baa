/*
 * What kind of file is attached, by how it begins, else by its name.
 *
 * libmagic knows thousands of kinds and guesses at texts; here 70 rows tell what can be run, opened or unpacked, in a time that does not depend on
 * the file.
 */
#include "intake/content_int.h"

#include <string.h>

#define LOOK_BYTES 65536U /* for what lies inside of a document */

enum kind { EXECUTABLE, ARCHIVE, SCRIPT, HTML };

static const struct text kind_names[] = {
	[EXECUTABLE] = { "executable", 10 },
	[ARCHIVE] = { "archive", 7 },
	[SCRIPT] = { "script", 6 },
	[HTML] = { "html", 4 },
};

static const struct {
	struct text bytes;
	size_t at;
	enum kind kind;
} starts[] = {
#define FILE_START(kind, at, bytes, what) { { bytes, sizeof(bytes) - 1 }, at, kind },
#define FILE_END_NAME(kind, ending, what)
#include "intake/files.def"
#undef FILE_START
#undef FILE_END_NAME
};

static const struct {
	struct text ending;
	enum kind kind;
} endings[] = {
#define FILE_START(kind, at, bytes, what)
#define FILE_END_NAME(kind, ending, what) { { ending, sizeof(ending) - 1 }, kind },
#include "intake/files.def"
#undef FILE_START
#undef FILE_END_NAME
};

static bool
has(struct text bytes, const char *what, size_t n)
{
	return bytes.n > 0 && memmem(bytes.p, bytes.n, what, n) != NULL;
}

/* Office documents are zip files; with macros in them they are programs. Older ones keep macros in a folder "VBA", in UTF-16. */
static struct text
kind_of_document(struct text bytes, bool *is_document)
{
	static const char ole[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

	bytes.n = bytes.n > LOOK_BYTES ? LOOK_BYTES : bytes.n;
	if (bytes.n >= 8 && memcmp(bytes.p, ole, 8) == 0) {
		*is_document = true;
		return has(bytes, "V\0B\0A\0", 6) ? kind_names[SCRIPT] : (struct text){ "", 0 };
	}
	*is_document =
	    bytes.n >= 4 && memcmp(bytes.p, "PK\x03\x04", 4) == 0 &&
	    (has(bytes, "[Content_Types].xml", 19) || has(bytes, "mimetypeapplication/vnd.oasis", 29) ||
	     has(bytes, "mimetypeapplication/epub", 24));
	return *is_document && has(bytes, "vbaProject.bin", 14) ? kind_names[SCRIPT] : (struct text){ "", 0 };
}

static bool
starts_as_page(struct text bytes)
{
	static const struct text pages[] = { { "<!doctype html", 14 }, { "<html", 5 },   { "<head", 5 },
					     { "<body", 5 },           { "<script", 7 }, { "<svg", 4 } };

	bytes.n = bytes.n > 1024 ? 1024 : bytes.n;
	bytes = text_trim(bytes);
	if (text_starts_nocase(bytes, TEXT("\xef\xbb\xbf"))) {
		bytes = text_trim((struct text){ bytes.p + 3, bytes.n - 3 });
	}
	for (size_t i = 0; i < countof(pages); i++) {
		if (text_starts_nocase(bytes, pages[i])) {
			return true;
		}
	}
	return has(bytes, "<!--", 4) && (has(bytes, "<html", 5) || has(bytes, "<HTML", 5));
}

static bool
ends_with(struct text name, struct text ending)
{
	return name.n >= ending.n &&
	       text_equal_nocase((struct text){ name.p + name.n - ending.n, ending.n }, ending);
}

struct text
file_kind(struct text name, struct text bytes)
{
	bool is_document = false;
	struct text kind = kind_of_document(bytes, &is_document);

	if (kind.n > 0) {
		return kind;
	}
	for (size_t i = 0; i < countof(endings); i++) { /* "invoice.jar" is a zip that is run */
		struct text ending = endings[i].ending;

		if ((endings[i].kind == EXECUTABLE || endings[i].kind == SCRIPT) && ends_with(name, ending)) {
			return kind_names[endings[i].kind];
		}
	}
	for (size_t i = 0; i < countof(starts) && !is_document; i++) {
		if (bytes.n >= starts[i].at + starts[i].bytes.n &&
		    memcmp(bytes.p + starts[i].at, starts[i].bytes.p, starts[i].bytes.n) == 0) {
			return kind_names[starts[i].kind];
		}
	}
	if (starts_as_page(bytes)) {
		return kind_names[HTML];
	}
	for (size_t i = 0; i < countof(endings) && !is_document; i++) {
		struct text ending = endings[i].ending;

		if (ends_with(name, ending)) {
			return kind_names[endings[i].kind];
		}
	}
	return (struct text){ "", 0 };
}
