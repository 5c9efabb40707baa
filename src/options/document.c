#include "options/document.h"

static enum result
not_yaml(const yaml_parser_t *parser, const char *name, struct fault *fault)
{
	return fault_set(fault, RESULT_BAD_INPUT, "%s:%zu:%zu: %s", name, parser->problem_mark.line + 1,
			 parser->problem_mark.column + 1,
			 parser->problem == NULL ? "not YAML" : parser->problem);
}

static enum result
nothing_follows(yaml_parser_t *parser, const char *name, struct fault *fault)
{
	yaml_document_t document;
	const yaml_node_t *root;
	size_t line;

	if (!yaml_parser_load(parser, &document)) {
		return not_yaml(parser, name, fault);
	}
	root = yaml_document_get_root_node(&document);
	line = root == NULL ? 0 : root->start_mark.line + 1;
	yaml_document_delete(&document);
	return line == 0 ? RESULT_OK
			 : fault_set(fault, RESULT_BAD_INPUT, "%s:%zu: a second document; one is wanted",
				     name, line);
}

enum result
options_document(struct text yaml, const char *name, yaml_document_t *document, struct fault *fault)
{
	yaml_parser_t parser;
	enum result r = RESULT_OK;

	check(yaml_parser_initialize(&parser));
	yaml_parser_set_input_string(&parser, (const unsigned char *)(yaml.p == NULL ? "" : yaml.p), yaml.n);
	if (!yaml_parser_load(&parser, document)) {
		r = not_yaml(&parser, name, fault);
	} else if (yaml_document_get_root_node(document) != NULL) {
		r = nothing_follows(&parser, name, fault);
		if (r != RESULT_OK) {
			yaml_document_delete(document);
		}
	}
	yaml_parser_delete(&parser);
	return r;
}

struct text
options_scalar(const yaml_node_t *n)
{
	return (struct text){ (const char *)n->data.scalar.value, n->data.scalar.length };
}
