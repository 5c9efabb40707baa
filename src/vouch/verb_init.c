/* init: writes files here, for a daemon to come. */
#include "vouch/vouch.h"
#include "vouchd/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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
