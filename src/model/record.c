#include "model/record.h"

#include <string.h>

/* seq, time and kind as they are hashed. */
#define FIXED_BYTES 17

static const struct {
	const char *name;
	bool effect;
} kinds[] = {
#define RECORD(id, name, effect, payload) { name, effect },
#include "model/records.def"
#undef RECORD
};

const char *
record_kind_name(enum record_kind kind)
{
	check(kind < RECORD_COUNT);
	return kinds[kind].name;
}

bool
record_kind_effect(enum record_kind kind)
{
	check(kind < RECORD_COUNT);
	return kinds[kind].effect;
}

enum result
record_kind_parse(struct text name, enum record_kind *kind)
{
	for (enum record_kind i = 0; i < RECORD_COUNT; i++) {
		if (text_equal(name, text_of(kinds[i].name))) {
			*kind = i;
			return RESULT_OK;
		}
	}
	return RESULT_BAD_INPUT;
}

static void
put_u64(char *p, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++) {
		p[i] = (char)(uint8_t)(v >> (8 * i));
	}
}

struct hash
record_hash(const struct record *record)
{
	char fixed[FIXED_BYTES];
	const struct text parts[] = { { (const char *)record->previous.bytes, HASH_BYTES },
				      { fixed, sizeof fixed },
				      record->payload };

	put_u64(fixed, record->seq);
	put_u64(fixed + 8, (uint64_t)record->time.ms);
	fixed[16] = (char)(uint8_t)record->kind;
	return hash_of_parts(parts, countof(parts));
}
