#include "base/log.h"

#include "base/instant.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static _Atomic enum log_level log_level_max = LOG_INFO;

static const char *const level_names[] = { "error", "warn", "info", "debug" };

void
log_set_level(enum log_level level)
{
	log_level_max = level;
}

bool
log_level_parse(struct text name, enum log_level *level)
{
	for (size_t i = 0; i < countof(level_names); i++) {
		if (text_equal(name, text_of(level_names[i]))) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void
log_event(enum log_level level, const char *event, const char *fields, ...)
{
	char line[2048], when[INSTANT_BYTES];
	size_t n;
	va_list args;
	int w;

	if (level > log_level_max) {
		return;
	}
	w = snprintf(line, sizeof line - 1, "ts=%s level=%s event=%s ", instant_format(instant_now(), when),
		     level_names[level], event);
	n = (size_t)w;
	va_start(args, fields);
	w = vsnprintf(line + n, sizeof line - 1 - n, fields, args);
	va_end(args);
	n += w < 0 ? 0 : (size_t)w;
	if (n > sizeof line - 2) {
		n = sizeof line - 2;
	}
	line[n++] = '\n';
	/* One write per line, so that threads do not mix; nobody to tell if stderr is gone. */
	if (write(STDERR_FILENO, line, n) < 0) {
		return;
	}
}

const char *
log_quote(struct text t, char out[LOG_QUOTE_BYTES])
{
	size_t n = 0;

	out[n++] = '"';
	for (size_t i = 0; i < t.n && n < LOG_QUOTE_BYTES - 8; i++) {
		unsigned char c = (unsigned char)t.p[i];

		if (c == '"' || c == '\\') {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else if (c < 0x20 || c == 0x7f) {
			n += (size_t)snprintf(out + n, 5, "\\x%02x", c);
		} else {
			out[n++] = (char)c;
		}
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}
