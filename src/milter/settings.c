/* milter/settings.c - the table that binds vouch-milter.yaml to struct settings, and what one value alone cannot tell. */
#include "milter/settings.h"

#define FILE_BYTES_MAX (1U << 16)

static const struct options_field fields[] = {
#define MILTER_OPTION(field, key, type, fallback, help) \
	{ key, &settings_types[SETTINGS_##type], offsetof(struct settings, field), fallback, help },
#include "milter/options.def"
#undef MILTER_OPTION
};
static const struct options_level level = {
	.what = "option", .fields = fields, .field_count = countof(fields), .bytes = sizeof(struct settings)
};

/* What one value alone cannot tell. */
static enum result
check_together(const struct settings *s, const char *name, struct fault *fault)
{
	const char *what = NULL;

	if (s->report_url[0] != '\0' && (!text_is_name(text_of(s->reporter)) || s->token_file[0] == '\0')) {
		what = "report_url: a reporter and a token_file are wanted too";
	} else if (s->report_url[0] == '\0' && (s->votes[0] != '\0' || s->verdict_socket[0] != '\0')) {
		what = "votes, verdict_socket: nobody is told without a report_url";
	} else if (s->verdict_socket[0] != '\0' && s->verdict_field[0] == '\0') {
		what = "verdict_socket: a verdict_field is wanted too";
	}
	return what == NULL ? RESULT_OK : fault_set(fault, RESULT_BAD_INPUT, "%s: %s", name, what);
}

enum result
settings_read(struct text yaml, const char *name, struct arena *arena, struct settings *settings,
	      struct fault *fault)
{
	enum result r;

	*settings = (struct settings){ 0 };
	r = options_read(&level, yaml, name, arena, settings, fault);
	return r == RESULT_OK ? check_together(settings, name, fault) : r;
}

enum result
settings_load(const char *path, struct arena *arena, struct settings *settings, struct fault *fault)
{
	struct text yaml;
	enum result r = options_file(path, FILE_BYTES_MAX, arena, &yaml, fault);

	return r == RESULT_OK ? settings_read(yaml, path, arena, settings, fault) : r;
}
