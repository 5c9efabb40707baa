#include "model/blocklist.h"

#include <string.h>

static const struct text verdicts[] = {
#define BLOCKLIST_VERDICT(id, name, meaning) { name, sizeof(name) - 1 },
#include "model/blocklist_verdicts.def"
#undef BLOCKLIST_VERDICT
};

static const struct {
	struct text codes, words;
} refusals[] = {
#define BLOCKLIST_REFUSAL(codes, meaning) { { codes, sizeof(codes) - 1 }, { meaning, sizeof(meaning) - 1 } },
#include "model/blocklist_refusals.def"
#undef BLOCKLIST_REFUSAL
};

static bool
octet(struct text t, uint8_t *value)
{
	uint64_t n;

	if (!text_u64(t, &n) || n > 255) {
		return false;
	}
	*value = (uint8_t)n;
	return true;
}

static bool
parse_codes(struct text t, struct blocklist_row *row)
{
	struct text range = t, bits = t, first;
	bool is_range = text_cut(&range, '-', &first), is_bits = !is_range && text_cut(&bits, '&', &first);

	if (prefix_parse(is_range || is_bits ? first : t, &row->codes, NULL) != RESULT_OK ||
	    row->codes.family != 4 || row->codes.bits < 8 || row->codes.bytes[0] != 127) {
		return false;
	}
	row->last = row->codes.bytes[3];
	row->bits = 0;
	if ((is_range || is_bits) && row->codes.bits != 32) {
		return false;
	}
	if (is_bits) {
		row->codes = prefix_cut(&row->codes, 24);
		return octet(bits, &row->bits) && row->bits != 0;
	}
	return !is_range || (octet(range, &row->last) && row->last >= row->codes.bytes[3]);
}

enum result
blocklist_row_parse(struct text text, struct blocklist_row *row)
{
	struct text rest = text_trim(text), codes, verdict;
	struct blocklist_row read;

	(void)text_cut(&rest, ' ', &codes);
	rest = text_trim(rest);
	(void)text_cut(&rest, ' ', &verdict);
	if (!parse_codes(codes, &read)) {
		return RESULT_BAD_INPUT;
	}
	for (enum blocklist_verdict v = 0; v < BLOCKLIST_VERDICT_COUNT; v++) {
		if (text_equal(verdict, verdicts[v])) {
			read.verdict = v;
			read.words = text_trim(rest);
			*row = read;
			return RESULT_OK;
		}
	}
	return RESULT_BAD_INPUT;
}

static bool
is_of(const struct blocklist_row *row, const struct prefix *answer)
{
	if (row->codes.bits < 32) {
		return prefix_contains(&row->codes, answer) &&
		       (row->bits == 0 || (answer->bytes[3] & row->bits) != 0);
	}
	return memcmp(row->codes.bytes, answer->bytes, 3) == 0 && row->codes.bytes[3] <= answer->bytes[3] &&
	       answer->bytes[3] <= row->last;
}

enum blocklist_verdict
blocklist_judge(const struct blocklist_row *rows, size_t count, const uint8_t address[4], struct text *words)
{
	struct prefix answer = { .family = 4, .bits = 32 };

	memcpy(answer.bytes, address, 4);
	*words = (struct text){ "", 0 };
	if (address[0] != 127) {
		*words = TEXT("an address that is no answer of a blocklist");
		return BLOCKLIST_REFUSED;
	}
	for (size_t i = 0; i < countof(refusals); i++) {
		struct prefix codes;

		check(prefix_parse(refusals[i].codes, &codes, NULL) == RESULT_OK);
		if (prefix_contains(&codes, &answer)) {
			*words = refusals[i].words;
			return BLOCKLIST_REFUSED;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (is_of(&rows[i], &answer)) {
			*words = rows[i].words;
			return rows[i].verdict;
		}
	}
	return count == 0 ? BLOCKLIST_LISTED : BLOCKLIST_NOTHING;
}

/* ---- questions */

const char *
blocklist_name_of_address(struct arena *arena, const struct prefix *address, const char *zone)
{
	const uint8_t *b = address->bytes;
	char nibbles[65];

	if (address->family == 4) {
		return arena_format(arena, "%u.%u.%u.%u.%s", b[3], b[2], b[1], b[0], zone);
	}
	for (size_t i = 0; i < 32; i++) {
		uint8_t byte = b[15 - i / 2];

		nibbles[2 * i] = "0123456789abcdef"[i % 2 == 0 ? byte & 15 : byte >> 4];
		nibbles[2 * i + 1] = '.';
	}
	nibbles[64] = '\0';
	return arena_format(arena, "%s%s", nibbles, zone);
}

const char *
blocklist_name_of_domain(struct arena *arena, struct text domain, const char *zone)
{
	return arena_format(arena, "%.*s.%s", TEXT_ARG(domain), zone);
}

/* How many addresses, or /64 networks, a prefix has; what does not fit is as good as endless. */
static uint64_t
places_of(const struct prefix *p)
{
	unsigned whole = p->family == 4 ? 32 : 64;
	unsigned bits = p->bits < whole ? whole - p->bits : 0;

	return bits > 62 ? UINT64_C(1) << 62 : UINT64_C(1) << bits;
}

uint32_t
blocklist_sample_count(const struct prefix *p, uint32_t most)
{
	uint64_t places = places_of(p);

	return places < most ? (uint32_t)places : most;
}

struct prefix
blocklist_sample(const struct prefix *p, uint32_t count, uint32_t i)
{
	uint64_t step = places_of(p) / count, at = i * step + step / 2;
	size_t last = p->family == 4 ? 3 : 7;
	struct prefix a = *p;

	for (size_t k = 0; k < 8 && k <= last; k++) {
		a.bytes[last - k] |= (uint8_t)(at >> (8 * k));
	}
	if (p->family == 6 && p->bits <= 64) {
		a.bytes[15] = 1;
	}
	a.bits = p->family == 4 ? 32 : 128;
	return a;
}
