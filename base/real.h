/* real.h: the floating-point type of policies and batches.
 *
 * ks_real is float. Building with KS_DOUBLE makes it double: the tests use that build to check every
 * derivative against central differences. Physics state is MuJoCo's double in both builds. */
#ifndef KS_BASE_REAL_H
#define KS_BASE_REAL_H

#ifdef KS_DOUBLE
typedef double ks_real;
#else
typedef float ks_real;
#endif

#endif
