/*
 * base/number.h - logarithm and exponential that give the same bits on every machine.
 *
 * The C library's log and exp differ in the last bit between versions; a replay must not. These use only
 * + - * / on doubles, which IEEE 754 fixes; the build forbids fused multiply-add. Relative error below 1e-15.
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

double number_ln(double x);     /* x > 0, finite; check()s it */
double number_ln1p(double x);   /* ln(1 + x), x > -1; exact for small x */
double number_exp(double x);    /* 0 below -745, check()s x < 709 */
double number_lgamma(double x); /* ln Gamma(x), x > 0; relative error below 1e-13 */

#endif
