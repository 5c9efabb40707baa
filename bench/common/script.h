/*
 * bench/common/script.h - a peer that is a Python program and prints one number.
 */
#ifndef BENCH_COMMON_SCRIPT_H
#define BENCH_COMMON_SCRIPT_H

/* Runs python3 with argv[1..] (argv[0] is set; the list ends with NULL) and gives what it prints; 0 when it cannot run. */
double script_number(char **argv);

#endif
