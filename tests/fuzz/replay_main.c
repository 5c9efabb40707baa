/* Runs a fuzz target once over each file of the folders named on the command line: the corpus as a test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t size = 0, got;
	uint8_t block[65536];

	if (f == NULL) {
		return 1;
	}
	while ((got = fread(block, 1, sizeof block, f)) > 0) {
		uint8_t *more = realloc(data, size + got);

		if (more == NULL) {
			break;
		}
		data = more;
		for (size_t i = 0; i < got; i++) {
			data[size + i] = block[i];
		}
		size += got;
	}
	fclose(f);
	(void)LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

int
main(int argc, char **argv)
{
	size_t files = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		struct dirent *entry;
		char path[4096];

		if (dir == NULL) {
			fprintf(stderr, "%s: no such corpus folder\n", argv[i]);
			return 1;
		}
		while ((entry = readdir(dir)) != NULL) {
			if (entry->d_name[0] == '.') {
				continue;
			}
			snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
			if (run_file(path) != 0) {
				fprintf(stderr, "%s: cannot be read\n", path);
				closedir(dir);
				return 1;
			}
			files++;
		}
		closedir(dir);
	}
	printf("%zu corpus files read\n", files);
	return files > 0 ? 0 : 1;
}
