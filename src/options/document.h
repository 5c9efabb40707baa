/* options/document.h - the tree of a YAML file, for those who bind it themselves. */
#ifndef OPTIONS_DOCUMENT_H
#define OPTIONS_DOCUMENT_H

#include "base/text.h"

#include <yaml.h>

/*
 * The only document of the file `name`; the caller gives it back with yaml_document_delete. An empty file has no root.
 * Errors: RESULT_BAD_INPUT for what is no YAML and for a second document, which would be passed over in silence; the fault names
 * file and line.
 */
enum result options_document(struct text yaml, const char *name, yaml_document_t *document,
			     struct fault *fault) MUST_USE;

struct text options_scalar(const yaml_node_t *n); /* of a YAML_SCALAR_NODE; lives as long as the document */

#endif
