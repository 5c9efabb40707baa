/*
 * base/log.h - logfmt lines on stderr: level=info event=listening door=lmtp address=127.0.0.1:8024
 *
 * detect and decide do not include this. `fields` is printf text of key=value pairs; quote values that may hold blanks
 * with log_quote. One line per call, written at once.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/text.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);                      /* from any thread */
bool log_level_parse(struct text name, enum log_level *level); /* "error", "warn", "info", "debug" */
void log_event(enum log_level level, const char *event, const char *fields, ...)
    __attribute__((format(printf, 3, 4)));

#define LOG_QUOTE_BYTES 600
/* `t` in double quotes, control characters and quotes escaped, cut at the size of `out`. Returns `out`. */
const char *log_quote(struct text t, char out[LOG_QUOTE_BYTES]);

#endif
