/*
 * bench/common/nab_corpus.h - the files of the benchmark: DIR/windows.json, or DIR/labels/combined_windows.json as
 * the benchmark has it, names each file of DIR/data and its windows.
 */
#ifndef BENCH_COMMON_NAB_CORPUS_H
#define BENCH_COMMON_NAB_CORPUS_H

#include "common/nab_score.h"

/* False after a sentence to stderr when something cannot be read. The rows are never freed: a bench needs them to its end. */
bool nab_corpus_read(const char *dir, struct nab_corpus *corpus);

#endif
