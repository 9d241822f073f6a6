/* onnx_layers.h: a policy's layers as nodes of an ONNX graph. Internal to this room. */
#ifndef KS_POLICY_ONNX_LAYERS_H
#define KS_POLICY_ONNX_LAYERS_H

#include "policy/onnx_graph.h"
#include "policy/policy.h"

/* Whether an input is an image in the graph, (batch x channels x rows x columns); otherwise it is a vector, (batch x numbers). */
bool ks_onnx_takes_images(const ks_policy* policy);

/* Adds all layers, from the value `input` on. theta (P): the parameters, which the graph refers to. The last node puts out (batch x
 * act_dim). Errors: KS_BAD_INPUT (a kind of layer that ONNX has no nodes for here; names it). */
bool ks_onnx_add_layers(ks_onnx_graph* graph, const ks_policy* policy, float* theta, char* input, ks_error* err);

#endif
