#include "policy/onnx.h"

#include "base/atomic_file.h"
#include "base/number.h"
#include "policy/onnx_layers.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IR_VERSION = 8, OPSET = 17, MAX_OUTPUTS = 2, META_DATA = 4 };

/* ---- inputs and outputs ---------------------------------------------------------------------------------------------- */

/* A value that goes in or comes out: (batch x dims), or (dims). */
typedef struct value {
    const char* name;
    bool batch;
    size_t num_dims, dims[3];
    const char* about;
} value;

static value input_of(const ks_policy* policy, const ks_policy_info* info) {
    const ks_policy_settings* s = ks_policy_get_settings(policy);
    value v = {.name = *info->problem ? "x" : "obs", .batch = true, .num_dims = 1, .dims = {(size_t)s->obs_dim}};
    v.about = *info->problem ? "inputs" : "observations";
    if (ks_onnx_takes_images(policy)) {
        v.num_dims = 3;
        memcpy(v.dims, (size_t[]){s->input.channels, s->input.height, s->input.width}, sizeof v.dims);
        v.about = "images: channels, rows, columns";
    }
    return v;
}

/* The network's output first; returns how many there are. */
static size_t outputs_of(value outputs[MAX_OUTPUTS], const ks_policy* policy) {
    static const value OF_HEAD[] = {
        [KS_GAUSSIAN] = {.name = "mean", .about = "mean of the actions, not clipped to their range"},
        [KS_CATEGORICAL] = {.name = "logits", .about = "log-probabilities but for a constant"},
        [KS_SQUARED_ERROR] = {.name = "y", .about = "outputs"}};
    const ks_policy_settings* s = ks_policy_get_settings(policy);
    outputs[0] = OF_HEAD[s->head];
    outputs[0].batch = true;
    outputs[0].num_dims = 1;
    outputs[0].dims[0] = (size_t)s->act_dim;
    outputs[1] = (value){.name = "log_std",
                         .num_dims = 1,
                         .dims = {(size_t)s->act_dim},
                         .about = "natural logarithm of the actions' standard deviations"};
    return s->head == KS_GAUSSIAN ? 2 : 1;
}

static void print_value(char* out, size_t room, const value* v) {
    size_t used = (size_t)snprintf(out, room, "%s (%s", v->name, v->batch ? "batch" : "");
    for (size_t d = 0; d < v->num_dims; d++) {
        used += (size_t)snprintf(out + used, room - used, v->batch || d > 0 ? " x %zu" : "%zu", v->dims[d]);
    }
    snprintf(out + used, room - used, ")");
}

size_t ks_onnx_signature(char* out, size_t room, const ks_policy* policy, const ks_policy_info* info) {
    char in[128], first[128], second[128] = "";
    value input = input_of(policy, info), outputs[MAX_OUTPUTS];
    size_t count = outputs_of(outputs, policy);
    print_value(in, sizeof in, &input);
    print_value(first, sizeof first, &outputs[0]);
    if (count > 1) {
        print_value(second, sizeof second, &outputs[1]);
    }
    return (size_t)snprintf(out, room, "%s -> %s%s%s", in, first, count > 1 ? ", " : "", second);
}

/* ---- messages -------------------------------------------------------------------------------------------------------- */

typedef struct value_message {
    char name[16], about[64], batch[8];
    KsOnnx__Value message;
    KsOnnx__ValueType type;
    KsOnnx__TensorType tensor;
    KsOnnx__Shape shape;
    KsOnnx__Shape__Dim dim[4], *dims[4];
} value_message;

typedef struct entry {
    char key[16], text[64];
    KsOnnx__Entry message;
} entry;

/* Everything that the file has, until it is packed. */
typedef struct file {
    ks_onnx_graph graph;
    float* theta;   /* (P) */
    float* log_std; /* (act_dim) */
    ks_onnx_tensor log_std_tensor;
    value_message input, output[MAX_OUTPUTS];
    entry meta[META_DATA];
    KsOnnx__Model model;
    KsOnnx__Graph graph_message;
    KsOnnx__OperatorSet opset, *opsets;
    KsOnnx__Value *inputs, *outputs[MAX_OUTPUTS];
    KsOnnx__Entry* metas[META_DATA];
    char producer[8], version[32], graph_name[64], about[128];
    uint8_t* bytes;
    size_t size;
} file;

static void destroy(file* f) {
    if (f) {
        free(f->theta);
        free(f->bytes);
        free(f);
    }
}

static file* create(const ks_policy* policy, const ks_real* theta, ks_error* err) {
    size_t count = ks_policy_num_params(policy);
    file* f = calloc(1, sizeof *f);
    if (!f || !(f->theta = malloc(count * sizeof *f->theta))) {
        destroy(f);
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        f->theta[i] = (float)theta[i];
    }
    f->log_std = f->theta + ks_policy_log_std_offset(policy);
    return f;
}

static KsOnnx__Value* tell_value(value_message* m, const value* v) {
    m->message = (KsOnnx__Value)KS_ONNX__VALUE__INIT;
    m->type = (KsOnnx__ValueType)KS_ONNX__VALUE_TYPE__INIT;
    m->tensor = (KsOnnx__TensorType)KS_ONNX__TENSOR_TYPE__INIT;
    m->shape = (KsOnnx__Shape)KS_ONNX__SHAPE__INIT;
    ks_snprintf(m->name, sizeof m->name, "%s", v->name);
    ks_snprintf(m->about, sizeof m->about, "%s", v->about);
    ks_snprintf(m->batch, sizeof m->batch, "batch");
    m->message.name = m->name;
    m->message.doc_string = m->about;
    m->message.type = &m->type;
    m->type.tensor_type = &m->tensor;
    m->tensor.elem_type = KS_ONNX__TENSOR__TYPE__FLOAT;
    m->tensor.shape = &m->shape;
    m->shape.dim = m->dims;
    for (size_t d = 0; d < v->batch + v->num_dims; d++) {
        bool is_batch = v->batch && d == 0;
        m->dim[d] = (KsOnnx__Shape__Dim)KS_ONNX__SHAPE__DIM__INIT;
        m->dim[d].value_case = is_batch ? KS_ONNX__SHAPE__DIM__VALUE_DIM_PARAM : KS_ONNX__SHAPE__DIM__VALUE_DIM_VALUE;
        if (is_batch) {
            m->dim[d].dim_param = m->batch;
        } else {
            m->dim[d].dim_value = (int64_t)v->dims[d - v->batch];
        }
        m->dims[m->shape.n_dim++] = &m->dim[d];
    }
    return &m->message;
}

/* The log-std is constant. As a node's output it is no weight, which a runtime might leave out of the outputs. */
static void add_log_std(file* f, const ks_policy* policy) {
    const ks_policy_settings* s = ks_policy_get_settings(policy);
    size_t dim = (size_t)s->act_dim;
    for (size_t i = 0; i < dim; i++) {
        f->log_std[i] = (float)fmax((double)f->log_std[i], s->log_std_min);
    }
    ks_onnx_node* node = ks_onnx_add(&f->graph, "end", "log_std", "Constant", (char* [KS_ONNX_INPUTS]){NULL});
    ks_onnx_floats(&f->log_std_tensor, "log_std", 1, &dim, f->log_std);
    ks_onnx_set_tensor(node, "value", &f->log_std_tensor);
}

static bool tell_graph(file* f, const ks_policy* policy, const ks_policy_info* info, ks_error* err) {
    value input = input_of(policy, info), outputs[MAX_OUTPUTS];
    size_t count = outputs_of(outputs, policy);
    KsOnnx__Graph* g = &f->graph_message;
    *g = (KsOnnx__Graph)KS_ONNX__GRAPH__INIT;
    f->inputs = tell_value(&f->input, &input);
    if (!ks_onnx_add_layers(&f->graph, policy, f->theta, f->input.name, err)) {
        return false;
    }
    size_t first = f->graph.num_nodes - 1;
    if (count > 1) {
        add_log_std(f, policy);
    }
    for (size_t i = 0; i < count; i++) {
        f->outputs[i] = tell_value(&f->output[i], &outputs[i]);
        ks_snprintf(f->graph.node[first + i].name, KS_ONNX_NAME, "%s", outputs[i].name);
    }
    ks_snprintf(f->graph_name, sizeof f->graph_name, "%s", info->env);
    g->name = f->graph_name;
    g->n_node = f->graph.num_nodes;
    g->node = f->graph.nodes;
    g->n_initializer = f->graph.num_tensors;
    g->initializer = f->graph.tensors;
    g->n_input = 1;
    g->input = &f->inputs;
    g->n_output = count;
    g->output = f->outputs;
    return true;
}

static void tell_meta(file* f, const char* key, const char* text) {
    size_t at = f->model.n_metadata_props++;
    entry* e = &f->meta[at];
    e->message = (KsOnnx__Entry)KS_ONNX__ENTRY__INIT;
    ks_snprintf(e->key, sizeof e->key, "%s", key);
    ks_snprintf(e->text, sizeof e->text, "%s", text);
    e->message.key = e->key;
    e->message.value = e->text;
    f->metas[at] = &e->message;
}

static void tell_model(file* f, const ks_policy* policy, const ks_policy_info* info) {
    KsOnnx__Model* m = &f->model;
    *m = (KsOnnx__Model)KS_ONNX__MODEL__INIT;
    f->opset = (KsOnnx__OperatorSet)KS_ONNX__OPERATOR_SET__INIT;
    f->opset.version = OPSET;
    f->opsets = &f->opset;
    m->ir_version = IR_VERSION;
    m->n_opset_import = 1;
    m->opset_import = &f->opsets;
    ks_snprintf(f->producer, sizeof f->producer, "kshot");
    ks_snprintf(f->version, sizeof f->version, "%s", KS_VERSION);
    m->producer_name = f->producer;
    m->producer_version = f->version;
    if (ks_policy_couples_rows(policy)) {
        ks_snprintf(f->about, sizeof f->about, "Batch norm takes mean and variance of the batch that is put in.");
        m->doc_string = f->about;
    }
    m->graph = &f->graph_message;
    m->metadata_props = f->metas;
    tell_meta(f, "format", "kshot.onnx.1");
    tell_meta(f, "version", KS_VERSION);
    tell_meta(f, "env", info->env);
    tell_meta(f, "method", info->method);
}

/* ---- the file -------------------------------------------------------------------------------------------------------- */

static bool pack(file* f, const char* path, ks_error* err) {
    f->size = ks_onnx__model__get_packed_size(&f->model);
    if (f->size > INT_MAX) {
        return ks_fail(err, KS_BAD_INPUT, "%s: the model has %zu bytes, and an ONNX file has at most %d", path, f->size,
                       INT_MAX);
    }
    f->bytes = malloc(f->size);
    if (!f->bytes) {
        return ks_fail(err, KS_FAILED, "not enough memory for a file of %zu bytes", f->size);
    }
    ks_onnx__model__pack(&f->model, f->bytes);
    return true;
}

static bool write_bytes(void* user, FILE* out) {
    const file* f = user;
    return fwrite(f->bytes, 1, f->size, out) == f->size;
}

bool ks_onnx_save(const char* path, bool overwrite, const ks_policy* policy, const ks_real* theta,
                  const ks_policy_info* info, ks_error* err) {
    file* f = create(policy, theta, err);
    if (!f) {
        return false;
    }
    tell_model(f, policy, info);
    bool ok =
        tell_graph(f, policy, info, err) && pack(f, path, err) && ks_write_file(path, overwrite, write_bytes, f, err);
    destroy(f);
    return ok;
}
