/* onnx_graph.h: an ONNX graph while it is put together: nodes, in the order in which they are computed, and constant tensors. Every
 * node has one output, which has the node's name. All room is there from the start, so that nothing fails on the way.
 * Thread rule: one thread at a time. Internal to this room. */
#ifndef KS_POLICY_ONNX_GRAPH_H
#define KS_POLICY_ONNX_GRAPH_H

#include "nn/net.h"
#include "policy/onnx.pb-c.h"

#include <stdbool.h>

enum {
    KS_ONNX_NAME = 48,
    KS_ONNX_INPUTS = 3,
    KS_ONNX_ATTRIBUTES = 3,
    KS_ONNX_DIMS = 4,
    KS_ONNX_NODES = 16 * KS_MAX_LAYERS + 8, /* a layer has 13 at most */
    KS_ONNX_TENSORS = 8 * KS_MAX_LAYERS + 8,
};

typedef struct ks_onnx_attribute {
    KsOnnx__Attribute message;
    char name[KS_ONNX_NAME];
    int64_t ints[KS_ONNX_DIMS];
} ks_onnx_attribute;

typedef struct ks_onnx_node {
    KsOnnx__Node message;
    char name[KS_ONNX_NAME], op[KS_ONNX_NAME];
    char *inputs[KS_ONNX_INPUTS], *output;
    ks_onnx_attribute attribute[KS_ONNX_ATTRIBUTES];
    KsOnnx__Attribute* attributes[KS_ONNX_ATTRIBUTES];
} ks_onnx_node;

typedef struct ks_onnx_tensor {
    KsOnnx__Tensor message;
    char name[KS_ONNX_NAME];
    int64_t dims[KS_ONNX_DIMS];
    int64_t whole[KS_ONNX_DIMS]; /* small ones' own numbers */
    float number;
} ks_onnx_tensor;

typedef struct ks_onnx_graph {
    size_t num_nodes, num_tensors;
    ks_onnx_node node[KS_ONNX_NODES];
    KsOnnx__Node* nodes[KS_ONNX_NODES];
    ks_onnx_tensor tensor[KS_ONNX_TENSORS];
    KsOnnx__Tensor* tensors[KS_ONNX_TENSORS];
} ks_onnx_graph;

/* Adds a node for an operator of ONNX, called PREFIX.WHAT, with up to three inputs (NULL: not there). */
ks_onnx_node* ks_onnx_add(ks_onnx_graph* graph, const char* prefix, const char* what, const char* op,
                          char* const inputs[KS_ONNX_INPUTS]);
/* Attributes of a node: a whole number other than 0, which the bytes would not tell from nothing; up to 4 of them; a tensor. */
void ks_onnx_set(ks_onnx_node* node, const char* name, int64_t value);
void ks_onnx_set_list(ks_onnx_node* node, const char* name, size_t count, const int64_t* values);
void ks_onnx_set_tensor(ks_onnx_node* node, const char* name, ks_onnx_tensor* tensor);

/* Fills a tensor that is not among the graph's; the caller keeps data. */
void ks_onnx_floats(ks_onnx_tensor* tensor, const char* name, size_t num_dims, const size_t* dims, float* data);

/* Add constants, and return what nodes call them: a tensor of that shape whose data the caller keeps, one number, or a vector of 1
 * to 4 whole numbers. */
char* ks_onnx_constant(ks_onnx_graph* graph, const char* name, size_t num_dims, const size_t* dims, float* data);
char* ks_onnx_number(ks_onnx_graph* graph, const char* prefix, const char* what, double value);
char* ks_onnx_whole(ks_onnx_graph* graph, const char* prefix, const char* what, size_t count, const int64_t* values);

#endif
