/*
 * intake/objects_int.h - documents of JSON objects: one, an array of them, or one behind the other (JSON lines). Private to src/intake.
 */
#ifndef INTAKE_OBJECTS_INT_H
#define INTAKE_OBJECTS_INT_H

#include "intake/draft_int.h"

#include <jansson.h>

/* One object: adds observations and keeps them. False: it is a fault, *why says what is wrong. Room for OBJECT_OBSERVATIONS is left. */
typedef bool object_fn(struct intake_reading *d, const json_t *object, struct fault *why);

/* At most so many observations of one object. */
#define OBJECT_OBSERVATIONS 64U

/*
 * Calls `take` for each object of `text`. What is no object, and what `take` refuses, is a fault with its line. RESULT_BAD_INPUT: nothing of the
 * text can be read. Nesting is bounded by the library (2048), memory by 40 times the text.
 */
enum result objects_read(struct intake_reading *d, struct text text, object_fn *take) MUST_USE;

/* The value at a path such as "mail.source"; a number, true or false as text. Empty: there is none, or it is no such value. */
struct text object_text(struct intake_reading *d, const json_t *object, const char *path);
const json_t *object_at(const json_t *object, const char *path); /* NULL: there is none */
/* A time as text in any form of instant_parse, or as seconds since 1970 (a whole number or not); *at is unchanged when there is none, or it is later than the door allows. */
bool object_time(struct intake_reading *d, const json_t *object, const char *path, struct instant *at);

#endif
