/* start_from.h: parameters that a run starts from, in place of random ones: those of a policy file (setting start_from).
 * Thread rule: pure, but for reading the file. */
#ifndef KS_RUN_START_FROM_H
#define KS_RUN_START_FROM_H

#include "policy/policy_file.h"

enum { KS_START_FROM_NOTE = 512 };

/* params (Q: θ, then what is learned with it as `sizes` says) has what a run would start from without the file. Every tensor that the
 * file's model has by the same name and in the same shape takes its place; so do the learned step sizes of these tensors where the
 * file's are of the same kind and number, and norms that every stage has of its own where all sizes agree. What stays as it was is
 * named in note, which is "" where all was taken. Errors: KS_BAD_INPUT (no policy file, or none of its tensors fits). */
bool ks_start_from(ks_real* params, char note[KS_START_FROM_NOTE], const char* path, const ks_policy* policy,
                   const ks_step_sizes* sizes, ks_error* err);

#endif
