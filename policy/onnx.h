/* onnx.h: a policy as an ONNX file, for programs that run networks and know nothing of kshot (docs/files.md). Operators are those of
 * opset 17 in single precision; the batch may have any size.
 *
 *                      input                        output
 *   policies           obs (batch x obs_dim)        of a Gaussian head mean (batch x act_dim), not clipped, and log_std
 *                                                   (act_dim), not below its floor; of a categorical one logits
 *   other models       x (batch x numbers, or       y, or of a categorical head logits (batch x outputs)
 *                      batch x channels x rows x
 *                      columns)
 *
 * Batch norm takes mean and variance of the batch that is put in, as in kshot. Weights are called as in policy files.
 * Thread rule: none of these share state. */
#ifndef KS_POLICY_ONNX_H
#define KS_POLICY_ONNX_H

#include "policy/policy_file.h"

/* Writes it (ks_write_file). theta (P). Errors: KS_BAD_INPUT (a layer that has no counterpart; more than the 2 GB that such a file may
 * have), KS_FAILED. */
bool ks_onnx_save(const char* path, bool overwrite, const ks_policy* policy, const ks_real* theta,
                  const ks_policy_info* info, ks_error* err);

/* "obs (batch x 20) -> mean (batch x 6), log_std (6)". Like snprintf. */
size_t ks_onnx_signature(char* out, size_t room, const ks_policy* policy, const ks_policy_info* info);

#endif
