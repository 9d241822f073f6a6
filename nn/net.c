#include "nn/net.h"

#include "base/number.h"
#include "nn/gemm.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* values start at multiples of this many numbers */
enum { GRAIN = KS_NET_ALIGNMENT / (int)sizeof(ks_real) };

static size_t rounded(size_t numbers) {
    return (numbers + GRAIN - 1) / GRAIN * GRAIN;
}

/* ---- making: shapes, and where each value stands ----------------------------------------------------------------- */

/* sizes of each factor first, so that the product cannot overflow */
static bool shape_fits(ks_image_shape s) {
    const size_t most = KS_LAYER_MAX_NUMBERS;
    return s.channels > 0 && s.height > 0 && s.width > 0 && s.channels <= most && s.height <= most / s.channels &&
           s.width <= most / s.channels / s.height;
}

/* one layer's sizes, from what comes in */
static bool shape_layer(ks_layer* layer, ks_image_shape in, ks_error* err) {
    const ks_layer given = *layer;
    *layer = (ks_layer){.kind = given.kind, .in = in, .out = in}; /* as they are unless shape says otherwise */
    memcpy(layer->value, given.value, sizeof given.value);
    for (int f = 0; f < KS_LAYER_FIELDS && layer->kind->field[f].name; f++) {
        if (isnan(layer->value[f])) {
            return ks_fail(err, KS_BAD_INPUT, "\"%s\" is missing", layer->kind->field[f].name);
        }
    }
    if (layer->kind->shape && !layer->kind->shape(layer, err)) {
        return false;
    }
    for (int t = 0; t < layer->num_tensors; t++) {
        size_t numbers = 1;
        for (int d = 0; d < layer->tensor[t].num_dims; d++) {
            numbers *= layer->tensor[t].dims[d];
        }
        layer->num_params += numbers;
    }
    return (shape_fits(layer->out) && layer->num_params <= KS_LAYER_MAX_NUMBERS) ||
           ks_fail(err, KS_BAD_INPUT, "%zu x %zu x %zu numbers and %zu parameters are too many", layer->out.channels,
                   layer->out.height, layer->out.width, layer->num_params);
}

/* where the numbers of one value stand, behind those that have a place already */
static ks_net_place reserve(ks_net_plan* plan, ks_net_where where, size_t numbers) {
    size_t* cols = where == KS_NET_TAPE ? &plan->tape_cols : &plan->work_cols;
    ks_net_place place = {where, *cols};
    *cols += rounded(numbers);
    return place;
}

/* one of two places for values that are soon forgotten: the one that the neighbour does not have */
static ks_net_place pass_on(ks_net_place neighbour, size_t widest) {
    return (ks_net_place){KS_NET_WORK, neighbour.where == KS_NET_WORK && neighbour.col == 0 ? widest : 0};
}

/* Values and their R-derivatives, from the output down: kept where a later pass reads them; else an elementwise layer
 * works in place, and others pass them on. */
static void place_values(ks_net_plan* plan, const ks_net* net, ks_net_use use, size_t widest) {
    for (int i = net->num_layers - 1; i > 0; i--) {
        const ks_layer *below = &net->layer[i - 1], *above = &net->layer[i];
        size_t numbers = ks_image_numbers(above->in);
        if (use != KS_NET_FORWARD && (below->kind->needs_y || above->kind->needs_x)) {
            plan->value[i] = reserve(plan, KS_NET_TAPE, numbers);
        } else {
            plan->value[i] = above->kind->elementwise ? plan->value[i + 1] : pass_on(plan->value[i + 1], widest);
        }
        if (use == KS_NET_HESSIAN && above->kind->needs_x && i > net->first) {
            plan->r_value[i] = reserve(plan, KS_NET_WORK, numbers);
        } else {
            plan->r_value[i] = above->kind->elementwise ? plan->r_value[i + 1] : pass_on(plan->r_value[i + 1], widest);
        }
    }
}

/* Deltas and theirs likewise, from the input up. What lies outside may not be written to. */
static void place_deltas(ks_net_plan* plan, const ks_net* net, ks_net_use use, size_t widest) {
    for (int i = net->first + 1; i < net->num_layers; i++) {
        const ks_layer *below = &net->layer[i - 1], *above = &net->layer[i];
        bool in_place = below->kind->elementwise && i - 1 > net->first;
        if (use == KS_NET_HESSIAN && (below->kind->r_needs_dy || above->kind->r_needs_dx)) {
            plan->delta[i] = reserve(plan, KS_NET_TAPE, ks_image_numbers(above->in));
        } else {
            plan->delta[i] = in_place ? plan->delta[i - 1] : pass_on(plan->delta[i - 1], widest);
        }
        plan->r_delta[i] = in_place ? plan->r_delta[i - 1] : pass_on(plan->r_delta[i - 1], widest);
    }
}

/* What layers keep: on the tape, or, where nobody will read it, all in the same place. R{what they keep} likewise. */
static void place_kept(ks_net_plan* plan, const ks_net* net, ks_net_use use) {
    size_t most = 0, r_most = 0;
    for (int l = 0; l < net->num_layers; l++) {
        most = net->layer[l].kept > most ? net->layer[l].kept : most;
        r_most = net->layer[l].r_kept > r_most ? net->layer[l].r_kept : r_most;
    }
    ks_net_place forgotten = reserve(plan, KS_NET_WORK, use == KS_NET_FORWARD ? most : 0);
    ks_net_place r_forgotten = reserve(plan, KS_NET_WORK, use == KS_NET_GRADIENT ? r_most : 0);
    for (int l = 0; l < net->num_layers; l++) {
        const ks_layer* layer = &net->layer[l];
        plan->kept[l] = use == KS_NET_FORWARD ? forgotten : reserve(plan, KS_NET_TAPE, layer->kept);
        plan->r_kept[l] = use != KS_NET_HESSIAN ? r_forgotten : reserve(plan, KS_NET_WORK, layer->r_kept);
    }
}

static void place(ks_net* net, ks_net_use use) {
    size_t widest = 0;
    for (int l = 0; l < net->num_layers; l++) {
        size_t in = rounded(ks_image_numbers(net->layer[l].in));
        widest = in > widest ? in : widest;
    }
    ks_net_plan* plan = &net->plan[use];
    plan->work_cols = 2 * widest;
    place_values(plan, net, use, widest);
    place_deltas(plan, net, use, widest);
    place_kept(plan, net, use);
}

bool ks_net_make(ks_net* net, const ks_layer* layers, int count, ks_image_shape input, ks_error* err) {
    *net = (ks_net){.num_layers = count, .input = input, .output = input, .first = count};
    if (count < 1 || count > KS_MAX_LAYERS) {
        return ks_fail(err, KS_BAD_INPUT, "a network has 1 to %d layers, not %d", KS_MAX_LAYERS, count);
    }
    if (!shape_fits(input)) {
        return ks_fail(err, KS_BAD_INPUT, "an input of %zu channels of %zu x %zu is empty or too large", input.channels,
                       input.height, input.width);
    }
    for (int l = 0; l < count; l++) {
        ks_layer* layer = &net->layer[l];
        *layer = layers[l];
        if (!shape_layer(layer, net->output, err)) {
            char where[64];
            ks_snprintf(where, sizeof where, "layer %d (%s)", l + 1, layers[l].kind->name);
            return ks_fail_in(err, where);
        }
        net->params[l] = net->num_params;
        net->packed[l] = net->num_packed;
        net->statistics[l] = net->num_statistics;
        net->num_params += layer->num_params;
        net->num_packed += rounded(layer->packed);
        net->num_statistics += layer->statistics;
        net->couples_rows |= layer->kind->couples_rows;
        net->scratch = layer->scratch > net->scratch ? layer->scratch : net->scratch;
        net->first = layer->num_params > 0 && net->first == count ? l : net->first;
        if (l > 0 && layer->kind->takes_bias) {
            net->layer[l - 1].leaves_bias = net->layer[l - 1].kind->adds_bias;
        }
        net->output = layer->out;
    }
    net->inputs = ks_image_numbers(input);
    net->outputs = ks_image_numbers(net->output);
    net->scratch = rounded(net->scratch);
    net->statistics_room = rounded(net->num_statistics * (sizeof(double) / sizeof(ks_real)));
    for (int use = 0; use < KS_NET_NUM_USES; use++) {
        place(net, (ks_net_use)use);
    }
    return true;
}

const ks_layer_tensor* ks_net_tensor(const ks_net* net, int index, int* layer, size_t* start) {
    for (int l = 0; l < net->num_layers; l++) {
        *start = net->params[l];
        for (int t = 0; t < net->layer[l].num_tensors; t++) {
            const ks_layer_tensor* tensor = &net->layer[l].tensor[t];
            if (index-- == 0) {
                *layer = l;
                return tensor;
            }
            size_t numbers = 1;
            for (int d = 0; d < tensor->num_dims; d++) {
                numbers *= tensor->dims[d];
            }
            *start += numbers;
        }
    }
    return NULL;
}

void ks_net_count_flop(const ks_net* net, double* forward, double* deltas) {
    *forward = *deltas = 0;
    for (int l = 0; l < net->num_layers; l++) {
        *forward += 2 * (double)net->layer[l].products;
        *deltas += l > net->first ? 2 * (double)net->layer[l].products : 0;
    }
}

void ks_net_channels_last(ks_real* to, const ks_real* from, ks_image_shape shape, size_t n) {
    size_t numbers = ks_image_numbers(shape);
    for (size_t i = 0; i < n; i++) {
        ks_transpose(to + i * numbers, from + i * numbers, shape.channels, ks_image_pixels(shape));
    }
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

size_t ks_net_tape_size(const ks_net* net, ks_net_use use, size_t n) {
    return net->statistics_room + n * net->plan[use].tape_cols;
}

size_t ks_net_work_size(const ks_net* net, ks_net_use use, size_t n) {
    return net->statistics_room + net->scratch + n * net->plan[use].work_cols;
}

const double* ks_net_statistics(const ks_real* tape) {
    return (const double*)(const void*)tape;
}

const double* ks_net_r_statistics(const ks_real* work) {
    return (const double*)(const void*)work;
}

ks_net_weights ks_net_pack(const ks_net* net, const ks_real* theta, ks_real* memory) {
    for (int l = 0; l < net->num_layers; l++) {
        const ks_layer* layer = &net->layer[l];
        if (layer->kind->pack) {
            layer->kind->pack(layer, memory + net->packed[l], theta + net->params[l]);
        }
    }
    return (ks_net_weights){theta, memory};
}

/* ---- passes ------------------------------------------------------------------------------------------------------ */

static ks_real* at(const ks_net* net, ks_net_place place, const ks_net_batch* b, ks_real* work, ks_real* outside) {
    switch (place.where) {
        case KS_NET_TAPE:
            return b->tape + net->statistics_room + b->n * place.col;
        case KS_NET_WORK:
            return work + net->statistics_room + net->scratch + b->n * place.col;
        case KS_NET_OUTSIDE:
            break;
    }
    return outside;
}

const ks_real* ks_net_input(const ks_net* net, const ks_net_batch* b, int layer) {
    assert(net->layer[layer].kind->needs_x);
    return layer == 0 ? b->x : at(net, net->plan[b->use].value[layer], b, NULL, NULL);
}

const ks_real* ks_net_delta(const ks_net* net, const ks_net_batch* b, int layer) {
    assert(net->layer[layer].kind->r_needs_dy && b->use == KS_NET_HESSIAN && layer < net->num_layers - 1);
    return at(net, net->plan[b->use].delta[layer + 1], b, NULL, NULL);
}

/* what every pass has of layer l; the rest of p stays as it was */
static void begin(ks_layer_pass* p, const ks_net* net, ks_net_weights w, const ks_net_batch* b, ks_real* work, int l) {
    const ks_layer* layer = &net->layer[l];
    bool statistics = layer->statistics > 0;
    size_t s = net->statistics[l];
    p->layer = layer;
    p->n = b->n;
    p->theta = w.theta + net->params[l];
    p->packed = w.packed + net->packed[l];
    p->bias =
        l > 0 && net->layer[l - 1].leaves_bias ? p->theta - layer->in.channels : NULL; /* the last of the layer below */
    p->x = l == 0 ? b->x : at(net, net->plan[b->use].value[l], b, work, b->out);
    p->y = at(net, net->plan[b->use].value[l + 1], b, work, b->out);
    p->kept = at(net, net->plan[b->use].kept[l], b, work, NULL);
    p->statistics = statistics ? (double*)(void*)b->tape + s : NULL;
    p->given = statistics && b->given ? b->given + s : NULL;
    p->statistics_delta = statistics && b->statistics_delta ? b->statistics_delta + s : NULL;
    p->r_statistics = statistics ? (double*)(void*)work + s : NULL;
    p->r_given = statistics && b->r_given ? b->r_given + s : NULL;
    p->r_statistics_delta = statistics && b->r_statistics_delta ? b->r_statistics_delta + s : NULL;
    p->scratch = work + net->statistics_room;
}

static void begin_r(ks_layer_pass* p, const ks_net* net, ks_net_weights v, const ks_net_batch* b, ks_real* work,
                    int l) {
    p->v = v.theta + net->params[l];
    p->v_packed = v.packed + net->packed[l];
    p->v_bias = p->bias ? p->v - p->layer->in.channels : NULL;
    p->r_kept = at(net, net->plan[b->use].r_kept[l], b, work, NULL);
}

void ks_net_forward(const ks_net* net, ks_net_weights w, const ks_net_batch* b, ks_real* work) {
    ks_layer_pass p = {0};
    for (int l = 0; l < net->num_layers; l++) {
        begin(&p, net, w, b, work, l);
        net->layer[l].kind->forward(&p);
    }
}

/* where a layer's gradient goes; zeros, if it is new and the layer adds to it */
static void begin_grad(ks_layer_pass* p, const ks_net* net, const ks_net_batch* b, ks_real* grad, int l) {
    const ks_layer* layer = &net->layer[l];
    p->grad = grad ? grad + net->params[l] : NULL;
    p->grad_is_new = b->grad_is_new;
    if (grad && b->grad_is_new && !layer->kind->sets_grad) {
        memset(p->grad, 0, layer->num_params * sizeof *p->grad);
    }
}

void ks_net_backward(const ks_net* net, ks_net_weights w, const ks_net_batch* b, const ks_real* delta_out,
                     ks_real* grad, ks_real* work) {
    ks_layer_pass p = {0};
    for (int l = net->num_layers - 1; l >= net->first; l--) {
        begin(&p, net, w, b, work, l);
        p.dy = l == net->num_layers - 1 ? delta_out : at(net, net->plan[b->use].delta[l + 1], b, work, NULL);
        p.dx = l == net->first ? NULL : at(net, net->plan[b->use].delta[l], b, work, NULL);
        begin_grad(&p, net, b, grad, l);
        net->layer[l].kind->backward(&p);
    }
}

void ks_net_r_forward(const ks_net* net, ks_net_weights w, ks_net_weights v, const ks_net_batch* b, ks_real* r_out,
                      ks_real* work) {
    assert(b->use != KS_NET_FORWARD);
    if (net->first == net->num_layers) {
        memset(r_out, 0, b->n * net->outputs * sizeof *r_out);
    }
    ks_layer_pass p = {0};
    for (int l = net->first; l < net->num_layers; l++) {
        begin(&p, net, w, b, work, l);
        begin_r(&p, net, v, b, work, l);
        p.rx = l == net->first ? NULL : at(net, net->plan[b->use].r_value[l], b, work, r_out);
        p.ry = at(net, net->plan[b->use].r_value[l + 1], b, work, r_out);
        net->layer[l].kind->r_forward(&p);
    }
}

void ks_net_r_backward(const ks_net* net, ks_net_weights w, ks_net_weights v, const ks_net_batch* b,
                       const ks_real* delta_out, const ks_real* r_delta_out, ks_real* grad, ks_real* work) {
    assert(b->use == KS_NET_HESSIAN);
    bool outermost = true;
    ks_layer_pass p = {0};
    for (int l = net->num_layers - 1; l >= net->first; l--, outermost = false) {
        begin(&p, net, w, b, work, l);
        begin_r(&p, net, v, b, work, l);
        p.dy = outermost ? delta_out : at(net, net->plan[b->use].delta[l + 1], b, work, NULL);
        p.rdy = outermost ? r_delta_out : at(net, net->plan[b->use].r_delta[l + 1], b, work, NULL);
        p.rx = l == net->first ? NULL : at(net, net->plan[b->use].r_value[l], b, work, NULL);
        p.dx = l == net->first ? NULL : at(net, net->plan[b->use].delta[l], b, work, NULL);
        p.rdx = l == net->first ? NULL : at(net, net->plan[b->use].r_delta[l], b, work, NULL);
        begin_grad(&p, net, b, grad, l);
        net->layer[l].kind->r_backward(&p);
    }
}
