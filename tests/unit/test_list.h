/* test_list.h - what a test puts on a list, by its text. */
#ifndef TEST_LIST_H
#define TEST_LIST_H

#include "list/list.h"

static inline struct source_key
test_key(const char *text)
{
	struct source_key key;

	assert_int_equal(source_key_parse(text_of(text), &key, NULL), RESULT_OK);
	return key;
}

/* ttl: seconds; 0: that of the list. */
static inline void
test_put(struct list *list, size_t index, const char *text, uint32_t ttl)
{
	struct source_key key = test_key(text);

	assert_int_equal(list_put(list, index, &key, ttl, NULL), RESULT_OK);
}

#endif
