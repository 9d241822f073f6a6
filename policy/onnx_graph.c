#include "policy/onnx_graph.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- nodes ---------------------------------------------------------------------------------------------------------- */

ks_onnx_node* ks_onnx_add(ks_onnx_graph* graph, const char* prefix, const char* what, const char* op,
                          char* const inputs[KS_ONNX_INPUTS]) {
    assert(graph->num_nodes < KS_ONNX_NODES);
    ks_onnx_node* node = &graph->node[graph->num_nodes];
    graph->nodes[graph->num_nodes++] = &node->message;
    node->message = (KsOnnx__Node)KS_ONNX__NODE__INIT;
    snprintf(node->name, sizeof node->name, "%s.%s", prefix, what);
    snprintf(node->op, sizeof node->op, "%s", op);
    node->output = node->name;
    node->message.name = node->name;
    node->message.op_type = node->op;
    node->message.input = node->inputs;
    node->message.output = &node->output;
    node->message.n_output = 1;
    node->message.attribute = node->attributes;
    for (size_t i = 0; i < KS_ONNX_INPUTS && inputs[i]; i++) {
        node->inputs[node->message.n_input++] = inputs[i];
    }
    return node;
}

static ks_onnx_attribute* add_attribute(ks_onnx_node* node, const char* name, KsOnnx__Attribute__Type type) {
    assert(node->message.n_attribute < KS_ONNX_ATTRIBUTES);
    ks_onnx_attribute* attribute = &node->attribute[node->message.n_attribute];
    node->attributes[node->message.n_attribute++] = &attribute->message;
    attribute->message = (KsOnnx__Attribute)KS_ONNX__ATTRIBUTE__INIT;
    snprintf(attribute->name, sizeof attribute->name, "%s", name);
    attribute->message.name = attribute->name;
    attribute->message.type = type;
    return attribute;
}

void ks_onnx_set(ks_onnx_node* node, const char* name, int64_t value) {
    assert(value != 0);
    add_attribute(node, name, KS_ONNX__ATTRIBUTE__TYPE__INT)->message.i = value;
}

void ks_onnx_set_list(ks_onnx_node* node, const char* name, size_t count, const int64_t* values) {
    assert(count <= KS_ONNX_DIMS);
    ks_onnx_attribute* attribute = add_attribute(node, name, KS_ONNX__ATTRIBUTE__TYPE__INTS);
    memcpy(attribute->ints, values, count * sizeof *values);
    attribute->message.n_ints = count;
    attribute->message.ints = attribute->ints;
}

void ks_onnx_set_tensor(ks_onnx_node* node, const char* name, ks_onnx_tensor* tensor) {
    add_attribute(node, name, KS_ONNX__ATTRIBUTE__TYPE__TENSOR)->message.t = &tensor->message;
}

/* ---- tensors -------------------------------------------------------------------------------------------------------- */

static void fill(ks_onnx_tensor* t, KsOnnx__Tensor__Type type, size_t num_dims, const size_t* dims, void* data,
                 size_t bytes) {
    assert(num_dims <= KS_ONNX_DIMS);
    t->message = (KsOnnx__Tensor)KS_ONNX__TENSOR__INIT;
    t->message.name = t->name;
    t->message.data_type = type;
    t->message.n_dims = num_dims;
    t->message.dims = t->dims;
    for (size_t d = 0; d < num_dims; d++) {
        t->dims[d] = (int64_t)dims[d];
        bytes *= dims[d];
    }
    t->message.raw_data = (ProtobufCBinaryData){.len = bytes, .data = data};
}

void ks_onnx_floats(ks_onnx_tensor* tensor, const char* name, size_t num_dims, const size_t* dims, float* data) {
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    fill(tensor, KS_ONNX__TENSOR__TYPE__FLOAT, num_dims, dims, data, sizeof *data);
}

static ks_onnx_tensor* add_tensor(ks_onnx_graph* graph) {
    assert(graph->num_tensors < KS_ONNX_TENSORS);
    ks_onnx_tensor* tensor = &graph->tensor[graph->num_tensors];
    graph->tensors[graph->num_tensors++] = &tensor->message;
    return tensor;
}

char* ks_onnx_constant(ks_onnx_graph* graph, const char* name, size_t num_dims, const size_t* dims, float* data) {
    ks_onnx_tensor* tensor = add_tensor(graph);
    ks_onnx_floats(tensor, name, num_dims, dims, data);
    return tensor->name;
}

char* ks_onnx_number(ks_onnx_graph* graph, const char* prefix, const char* what, double value) {
    ks_onnx_tensor* tensor = add_tensor(graph);
    snprintf(tensor->name, sizeof tensor->name, "%s.%s", prefix, what);
    tensor->number = (float)value;
    fill(tensor, KS_ONNX__TENSOR__TYPE__FLOAT, 0, NULL, &tensor->number, sizeof tensor->number);
    return tensor->name;
}

char* ks_onnx_whole(ks_onnx_graph* graph, const char* prefix, const char* what, size_t count, const int64_t* values) {
    assert(count <= KS_ONNX_DIMS);
    ks_onnx_tensor* tensor = add_tensor(graph);
    snprintf(tensor->name, sizeof tensor->name, "%s.%s", prefix, what);
    memcpy(tensor->whole, values, count * sizeof *values);
    fill(tensor, KS_ONNX__TENSOR__TYPE__INT64, 1, &count, tensor->whole, sizeof *values);
    return tensor->name;
}
