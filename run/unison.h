/* unison.h: the processes of a run must be given the same work, and come to the same parameters; otherwise one run would be made of
 * two, or wait for ever. Both are compared with process 0's. A NULL dist is alone and agrees.
 * Thread rule: that of dist.h; all processes together. */
#ifndef KS_RUN_UNISON_H
#define KS_RUN_UNISON_H

#include "run/config.h"
#include "run/dist.h"

/* Every process has the same config, and is of the same version of kshot. Errors: KS_BAD_INPUT naming the process, the key and both
 * values; the same code everywhere, and the text in one place (ks_dist_agree). */
bool ks_unison_config(ks_dist* dist, const ks_config* config, ks_error* err);

/* Every process has the same theta (n), after that many iterations. Errors: KS_FAILED, as above. */
bool ks_unison_theta(ks_dist* dist, const ks_real* theta, size_t n, int64_t iterations, ks_error* err);

#endif
