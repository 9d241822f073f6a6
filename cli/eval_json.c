#include "cli/eval_json.h"

#include "base/text.h"

#include <stdio.h>

void ks_eval_json_add_text(cJSON* object, const char* key, const char* text) {
    char shown[4096];
    ks_text_escape(shown, sizeof shown, text);
    cJSON_AddStringToObject(object, key, shown);
}

cJSON* ks_eval_json_create(const ks_eval_options* o, const ks_cli_policy* p, const char* label,
                           const ks_eval_result* result) {
    char seed[32];
    cJSON* all = cJSON_CreateObject();
    ks_eval_json_add_text(all, "policy", p->path);
    cJSON_AddStringToObject(all, "problem", p->kind->name);
    if (p->def) {
        cJSON_AddStringToObject(all, "env", p->def->name);
    }
    cJSON_AddStringToObject(all, "label", label);
    ks_eval_json_add_text(all, "method", p->info.method);
    cJSON_AddNumberToObject(all, "iteration", (double)p->info.iteration);
    cJSON_AddStringToObject(all, "metric", p->kind->metric);
    cJSON_AddNumberToObject(all, "tasks", (double)result->tasks);
    cJSON_AddNumberToObject(all, "steps", result->steps);
    snprintf(seed, sizeof seed, "%lld", (long long)o->sampling.seed); /* all its digits */
    cJSON_AddRawToObject(all, "seed", seed);
    return all;
}

/* "mean", and an interval that has it in the middle */
static void add_mean(cJSON* step, const ks_eval_summary* s) {
    const double interval[2] = {s->mean - s->error, s->mean + s->error};
    cJSON_AddNumberToObject(step, "mean", s->mean);
    cJSON_AddItemToObject(step, "interval", cJSON_CreateDoubleArray(interval, 2));
    cJSON_AddNumberToObject(step, "median", s->median);
}

static bool add_step(cJSON* steps, const ks_eval_json_row* row, int j, ks_error* err) {
    const ks_eval_result* r = row->result;
    ks_eval_summary metric, length, loss, before;
    if (!ks_eval_summarise(&metric, r, r->metric, j, err) || !ks_eval_summarise(&before, r, r->metric, 0, err) ||
        (row->length && !ks_eval_summarise(&length, r, r->length, j, err)) ||
        (row->loss && !ks_eval_summarise(&loss, r, r->loss, j, err))) {
        return false;
    }
    cJSON* step = cJSON_CreateObject();
    cJSON_AddItemToArray(steps, step);
    cJSON_AddNumberToObject(step, "gradient_step", j);
    cJSON_AddItemToObject(step, row->factors ? "lr_factor" : "lr",
                          j > 0 ? cJSON_CreateNumber(row->lr[j - 1]) : cJSON_CreateNull());
    add_mean(step, &metric);
    if (row->length) {
        cJSON_AddNumberToObject(step, "mean_length", length.mean);
    }
    if (row->loss) {
        cJSON_AddNumberToObject(step, "mean_loss", loss.mean);
    }
    if (row->diverges) {
        cJSON_AddNumberToObject(step, "diverged", (double)ks_eval_count_diverged(r, j, before.mean));
    }
    return true;
}

bool ks_eval_json_add(cJSON* object, const ks_eval_json_row* row, ks_error* err) {
    cJSON* results = cJSON_GetObjectItemCaseSensitive(object, "results");
    cJSON* one = cJSON_CreateObject();
    cJSON_AddItemToArray(results ? results : cJSON_AddArrayToObject(object, "results"), one);
    cJSON_AddStringToObject(one, "label", row->label);
    if (row->norm) {
        cJSON_AddStringToObject(one, "norm", row->norm);
    }
    cJSON* steps = cJSON_AddArrayToObject(one, "gradient_steps");
    for (int j = 0; j <= row->result->steps; j++) {
        if (!add_step(steps, row, j, err)) {
            return false;
        }
    }
    return true;
}
