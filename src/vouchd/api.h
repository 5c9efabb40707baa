/*
 * vouchd/api.h - what each route of serve/routes.def does: reads and changes go to the writer's thread as jobs.
 */
#ifndef VOUCHD_API_H
#define VOUCHD_API_H

#include "serve/http.h"
#include "vouchd/directory.h"
#include "vouchd/pipeline.h"

struct api {
	const struct config *config;
	struct pipeline *pipeline;
	struct directory *directory;
	struct dns_gate *gate;
	struct list *list;
};

/* One handler for each route; the context of all is struct api. */
extern http_handler *const api_handlers[HTTP_ROUTE_COUNT];

/* The operators of vouch.yaml, then the reporters of the registry. */
enum http_right api_authorise(void *context, struct text token, char name[NAME_BYTES_MAX + 1]);
/* What the registry has of a reporter's token: the key of its signatures. */
bool api_key_of(void *context, struct text reporter, struct hash *key);

#endif
