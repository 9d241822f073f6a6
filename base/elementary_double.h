/* elementary_double.h: exp, log, powers, sine, cosine, tangent, arcus tangent and tanh in double, the same bytes on
 * every machine.
 *
 * The C library's differ from one version to the next in the last bit. These are made of + - * / and fma alone, whose
 * results the standard of floating point fixes: series that end where nothing is left to add, after the argument was
 * reduced with more digits than a double has (Cody and Waite; Payne and Hanek from 2^30 on). At zeros, infinities and
 * not-a-numbers they give what C's annex F says. errno and the flags of floating point mean nothing.
 *
 * The error is below one unit of the last place (tests/test_elementary_double.c prints the largest of each).
 * Thread rule: pure. */
#ifndef KS_BASE_ELEMENTARY_DOUBLE_H
#define KS_BASE_ELEMENTARY_DOUBLE_H

double ks_double_exp(double x);
double ks_double_log(double x);
double ks_double_pow(double x, double y);
double ks_double_sin(double x);
double ks_double_cos(double x);
double ks_double_tan(double x);
double ks_double_atan2(double y, double x);
double ks_double_tanh(double x);

#endif
