#include "policy/policy_file.h"

#include "base/number.h"
#include "policy/ranges.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LR_TEXT = KS_NUMBER_ROOM * KS_POLICY_MAX_LR };
static const char* const FORMAT = "kshot.policy.1";

/* "0.5,0.25", each number in the shortest form that reads back exactly */
static void lr_text(char text[LR_TEXT], const double* lr, int count) {
    size_t used = 0;
    text[0] = 0;
    for (int i = 0; i < count; i++) {
        char number[KS_NUMBER_ROOM];
        used += (size_t)snprintf(text + used, LR_TEXT - used, i ? ",%s" : "%s", ks_print_double(number, lr[i]));
    }
}

ks_policy_info ks_policy_info_default(const char* problem) {
    ks_policy_info info = {.method = "maml", .gamma = 1, .gae_lambda = 1, .horizon = 1, .seed = 1};
    snprintf(info.env, sizeof info.env, "%s", problem);
    snprintf(info.problem, sizeof info.problem, "%s", problem);
    return info;
}

ks_step_sizes ks_policy_info_sizes(const ks_policy_info* info) {
    return (ks_step_sizes){.lr = info->inner_lr,
                           .steps = info->inner_steps,
                           .learned = info->learned,
                           .adapts = info->adapts,
                           .per_step = info->per_step,
                           .norm_stays = info->norm_stays,
                           .norm_per_step = info->norm_per_step};
}

/* A network that is given as a list of layers, with the shape of an input: "3,84,84" (channels, rows, columns). */
static void write_network(ks_tensor_writer* w, const ks_policy* policy, const ks_policy_info* info) {
    const ks_policy_settings* s = ks_policy_get_settings(policy);
    char network[KS_NETWORK_TEXT], input[3 * KS_NUMBER_ROOM];
    if (*s->network) {
        ks_policy_print_network(network, sizeof network, policy);
        ks_tensor_writer_meta(w, "network", network);
        ks_snprintf(input, sizeof input, "%zu,%zu,%zu", s->input.channels, s->input.height, s->input.width);
        ks_tensor_writer_meta(w, "input", input);
    }
    if (ks_policy_has_norm(policy)) {
        ks_tensor_writer_meta(w, "inner_adapts_norm", info->norm_stays ? "false" : "true");
        ks_tensor_writer_meta(w, "inner_norm_per_step", info->norm_per_step ? "true" : "false");
    }
}

/* What is written only where it is not as in the paper's reinforcement learning. */
static void write_unusual(ks_tensor_writer* w, const ks_policy_info* info) {
    if (*info->problem) {
        ks_tensor_writer_meta(w, "problem", info->problem);
        ks_tensor_writer_meta(w, "problem_settings", info->problem_settings);
    }
    if (info->learned != KS_LEARNED_NONE) {
        ks_tensor_writer_meta(w, "inner_learned", ks_learned_names[info->learned]);
        ks_tensor_writer_meta(w, "inner_per_step", info->per_step ? "true" : "false");
    }
    if (info->adapts != KS_ADAPTS_ALL) {
        ks_tensor_writer_meta(w, "inner_adapts", ks_adapts_names[info->adapts]);
    }
}

void ks_policy_write_meta(ks_tensor_writer* w, const char* path, const ks_policy* policy, const ks_policy_info* info) {
    const ks_policy_settings* s = ks_policy_get_settings(policy);
    char hidden[16 * KS_MAX_HIDDEN] = "";
    for (int i = 0; i < s->num_hidden; i++) {
        size_t used = strlen(hidden);
        snprintf(hidden + used, sizeof hidden - used, i ? ",%d" : "%d", s->hidden[i]);
    }
    ks_tensor_writer_meta(w, "env", info->env);
    if (*info->env_file) {
        char relative[KS_PATH_ROOM];
        ks_path_relative(relative, path, info->env_file);
        ks_tensor_writer_meta(w, "env_file", relative);
    }
    ks_tensor_writer_meta_int(w, "obs_dim", s->obs_dim);
    ks_tensor_writer_meta_int(w, "act_dim", s->act_dim);
    ks_tensor_writer_meta(w, "hidden", hidden);
    ks_tensor_writer_meta(w, "activation", ks_activation_names[s->activation]);
    ks_tensor_writer_meta(w, "head", ks_head_names[s->head]);
    ks_tensor_writer_meta_double(w, "log_std_min", s->log_std_min);
    ks_tensor_writer_meta(w, "method", info->method);
    ks_tensor_writer_meta_double(w, "inner_lr", info->inner_lr);
    ks_tensor_writer_meta_int(w, "inner_steps", info->inner_steps);
    ks_tensor_writer_meta_double(w, "gamma", info->gamma);
    ks_tensor_writer_meta_double(w, "gae_lambda", info->gae_lambda);
    ks_tensor_writer_meta_int(w, "horizon", info->horizon);
    ks_tensor_writer_meta_int(w, "iteration", info->iteration);
    ks_tensor_writer_meta_int(w, "seed", info->seed);
    write_network(w, policy, info);
    write_unusual(w, info);
    if (info->num_eval_lr > 0) {
        char text[LR_TEXT];
        lr_text(text, info->eval_lr, info->num_eval_lr);
        ks_tensor_writer_meta(w, "eval_lr", text);
    }
}

/* The tensor of learned step sizes' logarithms: (count), or (k x count) where every step has its own. */
static const char* const LOG_LR = "inner.log_lr";

static size_t num_log_lr(const ks_step_sizes* sizes, const ks_policy* policy) {
    return ks_step_sizes_count(sizes, policy) - ks_step_sizes_norms(sizes, policy);
}

static int log_lr_shape(size_t shape[2], const ks_step_sizes* sizes, const ks_policy* policy) {
    size_t set = ks_step_sizes_set(sizes, policy);
    shape[0] = sizes->per_step ? num_log_lr(sizes, policy) / set : set;
    shape[1] = set;
    return sizes->per_step ? 2 : 1;
}

/* The tensor of norms that stages 1 … k have of their own: (k x numbers of one set). */
static const char* const NORM = "inner.norm";

static void norm_shape(size_t shape[2], const ks_step_sizes* sizes, const ks_policy* policy) {
    shape[0] = (size_t)sizes->steps;
    shape[1] = ks_step_sizes_norm_set(policy);
}

void ks_policy_write_params(ks_tensor_writer* w, const ks_policy* policy, const ks_step_sizes* sizes,
                            const ks_real* params) {
    for (size_t i = 0; i < ks_policy_num_tensors(policy); i++) {
        ks_policy_tensor t = ks_policy_tensor_at(policy, i);
        ks_tensor_writer_add_real(w, t.name, t.ndim, t.shape, params + t.offset, sizeof *params);
    }
    size_t shape[2], count = num_log_lr(sizes, policy);
    const ks_real* a = params + ks_policy_num_params(policy);
    if (count > 0) {
        int ndim = log_lr_shape(shape, sizes, policy);
        ks_tensor_writer_add_real(w, LOG_LR, ndim, shape, a, sizeof *params);
    }
    if (ks_step_sizes_norms(sizes, policy) > 0) {
        norm_shape(shape, sizes, policy);
        ks_tensor_writer_add_real(w, NORM, 2, shape, a + count, sizeof *params);
    }
}

bool ks_policy_save(const char* path, const ks_policy* policy, const ks_real* params, const ks_policy_info* info,
                    ks_error* err) {
    ks_tensor_writer* w = ks_tensor_writer_create(err);
    if (!w) {
        return false;
    }
    ks_tensor_writer_meta(w, "format", FORMAT);
    ks_policy_write_meta(w, path, policy, info);
    ks_step_sizes sizes = ks_policy_info_sizes(info);
    ks_policy_write_params(w, policy, &sizes, params);
    bool ok = ks_tensor_writer_save(w, path, KS_SAVE_AGAIN, err);
    ks_tensor_writer_destroy(w);
    return ok;
}

bool ks_policy_keep_lr(const char* path, const double* lr, int count, ks_error* err) {
    char text[LR_TEXT];
    lr_text(text, lr, count);
    return ks_tensor_file_set_meta(path, FORMAT, "eval_lr", text, err);
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static bool read_choice(const ks_tensor_file* f, const char* key, const char* const* names, int* value, ks_error* err) {
    const char* text = ks_tensor_file_meta_string(f, key, err);
    if (!text) {
        return false;
    }
    char choices[80] = "";
    size_t used = 0;
    for (int i = 0; names[i]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *value = i;
            return true;
        }
        const char* between = i == 0 ? "" : names[i + 1] ? ", " : " or ";
        used += (size_t)snprintf(choices + used, sizeof choices - used, "%s%s", between, names[i]);
    }
    return ks_fail(err, KS_BAD_INPUT, "%s: metadata '%s' is '%.40s', not %s", ks_tensor_file_path(f), key, text,
                   choices);
}

/* "100,100", or "" for a linear policy */
static bool read_hidden(const ks_tensor_file* f, ks_policy_settings* s, ks_error* err) {
    const char* text = ks_tensor_file_meta_string(f, "hidden", err);
    if (!text) {
        return false;
    }
    s->num_hidden = 0;
    for (const char* at = text; *at;) {
        int64_t width;
        bool ok = ks_scan_int(&at, 1, KS_MAX_WIDTH, &width);
        bool more = *at == ',' && at[1];
        if (!ok || (*at && !more) || s->num_hidden == KS_MAX_HIDDEN) {
            return ks_fail(err, KS_BAD_INPUT,
                           "%s: metadata 'hidden' is '%.40s', not up to %d widths from 1 to %d as in 100,100",
                           ks_tensor_file_path(f), text, KS_MAX_HIDDEN, KS_MAX_WIDTH);
        }
        s->hidden[s->num_hidden++] = (int)width;
        at += more;
    }
    return true;
}

static bool within(double x, double least, double most) {
    return x >= least && x <= most;
}

/* "0.5,0.25"; a file need not have any */
static bool read_eval_lr(const ks_tensor_file* f, ks_policy_info* info, ks_error* err) {
    const char* text = ks_tensor_file_meta(f, "eval_lr");
    for (const char* at = text; at;) {
        double lr;
        bool ok = ks_scan_double(&at, &lr);
        bool more = ok && *at == ',';
        if (!ok || (*at && !more) || !within(lr, KS_RANGE_INNER_LR) || info->num_eval_lr == KS_POLICY_MAX_LR) {
            return ks_fail(err, KS_BAD_INPUT,
                           "%s: metadata 'eval_lr' is '%.40s', not up to %d step sizes, none below 0, as in 0.1,0.05",
                           ks_tensor_file_path(f), text, KS_POLICY_MAX_LR);
        }
        info->eval_lr[info->num_eval_lr++] = lr;
        at = more ? at + 1 : NULL;
    }
    return true;
}

static bool read_name(const ks_tensor_file* f, const char* key, char* out, size_t room, ks_error* err) {
    const char* text = ks_tensor_file_meta_string(f, key, err);
    if (!text) {
        return false;
    }
    if (strlen(text) >= room) {
        return ks_fail(err, KS_BAD_INPUT, "%s: metadata '%s' is too long", ks_tensor_file_path(f), key);
    }
    snprintf(out, room, "%s", text);
    return true;
}

static bool read_int(const ks_tensor_file* f, const char* key, int min, int max, int* value, ks_error* err) {
    int64_t wide;
    if (!ks_tensor_file_meta_int(f, key, min, max, &wide, err)) {
        return false;
    }
    *value = (int)wide;
    return true;
}

/* A name of a list, which a file need not have: then it is the first. */
static bool read_optional(const ks_tensor_file* f, const char* key, const char* const* names, int* value,
                          ks_error* err) {
    *value = 0;
    return !ks_tensor_file_meta(f, key) || read_choice(f, key, names, value, err);
}

static bool read_unusual(const ks_tensor_file* f, ks_policy_info* i, ks_error* err) {
    static const char* const BOOL[] = {"false", "true", NULL};
    static const char* const TRUE_FIRST[] = {"true", "false", NULL};
    int per_step = 0, norm_stays = 0, norm_per_step = 0;
    bool ok = read_optional(f, "inner_learned", ks_learned_names, &i->learned, err) &&
              read_optional(f, "inner_adapts", ks_adapts_names, &i->adapts, err) &&
              read_optional(f, "inner_per_step", BOOL, &per_step, err) &&
              read_optional(f, "inner_norm_per_step", BOOL, &norm_per_step, err) &&
              read_optional(f, "inner_adapts_norm", TRUE_FIRST, &norm_stays, err);
    i->norm_per_step = norm_per_step == 1;
    i->per_step = per_step == 1;
    i->norm_stays = norm_stays == 1;
    if (ok && i->learned != KS_LEARNED_NONE && i->inner_steps == 0) {
        ok = ks_fail(err, KS_BAD_INPUT, "%s: metadata 'inner_learned' is '%s', and there is no inner step",
                     ks_tensor_file_path(f), ks_learned_names[i->learned]);
    }
    if (ok && ks_tensor_file_meta(f, "problem")) {
        ok = read_name(f, "problem", i->problem, sizeof i->problem, err) &&
             read_name(f, "problem_settings", i->problem_settings, sizeof i->problem_settings, err);
    }
    return ok;
}

/* Where the environment's file is, taken from the policy's own folder. */
static bool read_env_file(const ks_tensor_file* f, ks_policy_info* i, ks_error* err) {
    char stored[KS_PATH_ROOM], folder[KS_PATH_ROOM];
    if (!ks_tensor_file_meta(f, "env_file")) {
        return true;
    }
    ks_error inner = {0};
    if (!read_name(f, "env_file", stored, sizeof stored, err)) {
        return false;
    }
    if (!*stored) {
        return ks_fail(err, KS_BAD_INPUT, "%s: metadata 'env_file' is empty", ks_tensor_file_path(f));
    }
    if (!ks_path_folder(folder, ks_tensor_file_path(f), &inner) ||
        !ks_path_absolute(i->env_file, folder, stored, &inner)) {
        return ks_fail(err, inner.code, "%s: metadata 'env_file': %s", ks_tensor_file_path(f), inner.text);
    }
    return true;
}

/* What stands there only for a network that is given as a list of layers. */
static bool read_network(const ks_tensor_file* f, ks_policy_settings* s, ks_error* err) {
    if (!ks_tensor_file_meta(f, "network")) {
        return true;
    }
    const char* text = ks_tensor_file_meta_string(f, "input", err);
    size_t* size[] = {&s->input.channels, &s->input.height, &s->input.width};
    if (!text || !read_name(f, "network", s->network, sizeof s->network, err)) {
        return false;
    }
    const char* at = text;
    for (int d = 0; d < 3; d++) {
        int64_t number;
        if (!ks_scan_int(&at, 0, KS_MAX_WIDTH, &number) || *at != (d < 2 ? ',' : 0)) {
            return ks_fail(err, KS_BAD_INPUT,
                           "%s: metadata 'input' is '%.40s', not channels, rows and columns as in 3,84,84",
                           ks_tensor_file_path(f), text);
        }
        *size[d] = (size_t)number;
        at += d < 2;
    }
    return true;
}

bool ks_policy_read_meta(const ks_tensor_file* f, ks_policy_settings* settings, ks_policy_info* info, ks_error* err) {
    ks_policy_settings s = {0};
    ks_policy_info i = {0};
    int activation = 0;
    int head = 0;
    bool ok = read_name(f, "env", i.env, sizeof i.env, err) &&
              read_int(f, "obs_dim", 1, KS_MAX_WIDTH, &s.obs_dim, err) &&
              read_int(f, "act_dim", 1, KS_MAX_WIDTH, &s.act_dim, err) && read_hidden(f, &s, err) &&
              read_choice(f, "activation", ks_activation_names, &activation, err) &&
              read_choice(f, "head", ks_head_names, &head, err) &&
              ks_tensor_file_meta_double(f, "log_std_min", KS_RANGE_LOG_STD_MIN, &s.log_std_min, err) &&
              read_name(f, "method", i.method, sizeof i.method, err) &&
              ks_tensor_file_meta_double(f, "inner_lr", KS_RANGE_INNER_LR, &i.inner_lr, err) &&
              read_int(f, "inner_steps", KS_RANGE_INNER_STEPS, &i.inner_steps, err) &&
              ks_tensor_file_meta_double(f, "gamma", KS_RANGE_GAMMA, &i.gamma, err) &&
              ks_tensor_file_meta_double(f, "gae_lambda", KS_RANGE_GAE_LAMBDA, &i.gae_lambda, err) &&
              read_int(f, "horizon", KS_RANGE_HORIZON, &i.horizon, err) &&
              ks_tensor_file_meta_int(f, "iteration", 0, INT64_MAX, &i.iteration, err) &&
              ks_tensor_file_meta_int(f, "seed", 0, INT64_MAX, &i.seed, err) && read_eval_lr(f, &i, err) &&
              read_env_file(f, &i, err) && read_unusual(f, &i, err) && read_network(f, &s, err);
    if (!ok) {
        return false;
    }
    s.activation = (ks_activation)activation;
    s.head = (ks_head)head;
    *settings = s;
    *info = i;
    return true;
}

static bool read_tensor(const ks_tensor_file* f, const char* name, int ndim, const size_t* shape, ks_real* out,
                        ks_error* err) {
    size_t count = 1;
    for (int d = 0; d < ndim; d++) {
        count *= shape[d];
    }
    if (!ks_tensor_file_get_real(f, name, ndim, shape, out, err)) {
        return false;
    }
    for (size_t j = 0; j < count; j++) {
        if (!isfinite((float)out[j])) {
            return ks_fail(err, KS_BAD_INPUT, "%s: tensor '%s' holds a number that is not finite, or too large for F32",
                           ks_tensor_file_path(f), name);
        }
    }
    return true;
}

bool ks_policy_read_params(const ks_tensor_file* f, const ks_policy* policy, const ks_step_sizes* sizes,
                           ks_real* params, ks_error* err) {
    for (size_t i = 0; i < ks_policy_num_tensors(policy); i++) {
        ks_policy_tensor t = ks_policy_tensor_at(policy, i);
        if (!read_tensor(f, t.name, t.ndim, t.shape, params + t.offset, err)) {
            return false;
        }
    }
    size_t shape[2], count = num_log_lr(sizes, policy);
    ks_real* numbers = params + ks_policy_num_params(policy);
    if (count > 0 && !read_tensor(f, LOG_LR, log_lr_shape(shape, sizes, policy), shape, numbers, err)) {
        return false;
    }
    norm_shape(shape, sizes, policy);
    return ks_step_sizes_norms(sizes, policy) == 0 || read_tensor(f, NORM, 2, shape, numbers + count, err);
}

/* are all tensors there? Asked before memory is, since the metadata may speak of sizes that no file has. */
static bool check_shapes(const ks_tensor_file* f, const ks_policy* policy, const ks_step_sizes* sizes, ks_error* err) {
    bool ok = true;
    size_t shape[2];
    for (size_t i = 0; ok && i < ks_policy_num_tensors(policy); i++) {
        ks_policy_tensor t = ks_policy_tensor_at(policy, i);
        ok = ks_tensor_file_get_real(f, t.name, t.ndim, t.shape, NULL, err);
    }
    if (ok && num_log_lr(sizes, policy) > 0) {
        ok = ks_tensor_file_get_real(f, LOG_LR, log_lr_shape(shape, sizes, policy), shape, NULL, err);
    }
    if (ok && ks_step_sizes_norms(sizes, policy) > 0) {
        norm_shape(shape, sizes, policy);
        ok = ks_tensor_file_get_real(f, NORM, 2, shape, NULL, err);
    }
    return ok;
}

/* type of the first of the policy's tensors that is not F32, or "" */
static void note_type(char* out, size_t room, const ks_tensor_file* f, const ks_policy* policy) {
    *out = 0;
    for (size_t i = 0; !*out && i < ks_policy_num_tensors(policy); i++) {
        const ks_tensor* t = ks_tensor_file_find(f, ks_policy_tensor_at(policy, i).name);
        snprintf(out, room, "%s", t && t->dtype != KS_F32 ? t->type : "");
    }
}

bool ks_policy_load(const char* path, ks_policy** policy, ks_real** params, ks_policy_info* info, ks_error* err) {
    *policy = NULL;
    *params = NULL;
    ks_policy_settings settings;
    ks_tensor_file* f = ks_tensor_file_open(path, FORMAT, err);
    bool ok = f && ks_policy_read_meta(f, &settings, info, err);
    if (ok) {
        *policy = ks_policy_create(&settings, err);
        ok = *policy || ks_fail_in(err, path);
    }
    ks_step_sizes sizes = ok ? ks_policy_info_sizes(info) : (ks_step_sizes){0};
    ok = ok && check_shapes(f, *policy, &sizes, err);
    if (ok) {
        *params = malloc((ks_policy_num_params(*policy) + ks_step_sizes_count(&sizes, *policy)) * sizeof **params);
        ok = *params ? ks_policy_read_params(f, *policy, &sizes, *params, err)
                     : ks_fail(err, KS_FAILED, "%s: not enough memory", path);
    }
    if (ok) {
        note_type(info->converted_from, sizeof info->converted_from, f, *policy);
    } else {
        ks_policy_destroy(*policy);
        free(*params);
        *policy = NULL;
        *params = NULL;
    }
    ks_tensor_file_close(f);
    return ok;
}
