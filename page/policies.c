#include "page/policies.h"

#include "page/world.h"
#include "viewer/colors.h"
#include "viewer/task.h"

#include <math.h>
#include <string.h>

/* Bytes of all bodies' motion that a page has room for; beyond, states are left out and drawn between. */
static const double ROOM = 3.2e6;
enum { BYTES_PER_POSE = 14, TEXT_ROOM = 512 };

static size_t choose_stride(const ks_page_policies* p, const ks_world* w) {
    double states = (double)p->num_tasks * (p->request.steps + 1) * (double)(p->settings.horizon + 1);
    double bytes = states * w->count * BYTES_PER_POSE * 4 / 3;
    return (size_t)fmax(1, ceil(bytes / ROOM));
}

/* Ways of sampled trajectories, where these are what is looked at. */
static void tell_ways(ks_json* json, cJSON* to, ks_world* w, const ks_act* act) {
    size_t nq = (size_t)w->m->nq;
    cJSON* list = ks_json_array(json, to, "ways");
    for (size_t i = 0; i < act->num_ghosts; i++) {
        size_t first = act->ghost_start[i];
        cJSON* one = ks_json_object(json, list, NULL);
        ks_world_tell_way(json, one, w, act->ghost_qpos + first * nq, act->ghost_start[i + 1] - first);
    }
}

static void tell_act(ks_json* json, cJSON* list, ks_world* w, const ks_act* act, size_t stride, bool ways) {
    cJSON* to = ks_json_object(json, list, NULL);
    ks_json_number(json, to, "mean", act->mean_return);
    ks_json_numbers(json, to, "returns", act->returns, act->num_sampled);
    ks_json_number(json, to, "shown", (double)act->median);
    ks_json_number(json, to, "length", (double)act->length);
    ks_json_flag(json, to, "terminated", act->terminated);
    ks_json_floats(json, to, "rewards", act->rew, act->length);
    ks_json_number(json, to, "stride", (double)stride);
    ks_world_tell_motion(json, to, w, act->qpos, act->length + 1, stride);
    if (ways) {
        tell_ways(json, to, w, act);
    }
}

static void tell_task(ks_json* json, cJSON* list, ks_world* w, const ks_play* play, size_t stride) {
    char text[TEXT_ROOM];
    bool ways = play->def->look && play->def->look->paths;
    cJSON* to = ks_json_object(json, list, NULL);
    ks_task_text(text, sizeof text, play->def, play->task, KS_TASK_NAMED);
    ks_json_text(json, to, "text", text);
    ks_json_numbers(json, to, "numbers", play->task, (size_t)play->def->task_dim);
    cJSON* acts = ks_json_array(json, to, "acts");
    for (int j = 0; j <= play->steps; j++) {
        tell_act(json, acts, w, &play->acts[0][j], stride, ways);
    }
}

static void tell_head(ks_json* json, const ks_page_policies* p, const ks_play* play, const ks_world* w) {
    cJSON* to = json->root;
    ks_json_text(json, to, "summary", play->def->summary);
    ks_json_text(json, to, "taskSummary", play->def->task_summary);
    ks_json_number(json, to, "dt", play->dt);
    ks_json_flag(json, to, "timeless", play->def->dt <= 0);
    ks_json_number(json, to, "trajectories", (double)p->request.trajectories);
    ks_json_numbers(json, to, "stepSizes", p->actor.lr, (size_t)p->request.steps);
    ks_json_flag(json, to, "learnedStepSizes", p->actor.sizes.learned != KS_LEARNED_NONE);
    cJSON* colors = ks_json_array(json, to, "colors");
    for (int j = 0; j <= p->request.steps; j++) {
        float rgb[3];
        ks_step_color(rgb, j);
        ks_json_numbers(json, colors, NULL, (double[]){(double)rgb[0], (double)rgb[1], (double)rgb[2]}, 3);
    }
    ks_world_tell(json, ks_json_object(json, to, "world"), w);
}

static bool adapt_to_all(ks_json* json, const ks_page_policies* p, ks_theatre* theatre, ks_play* play, ks_world* w,
                         ks_error* err) {
    size_t dim = (size_t)play->def->task_dim, stride = choose_stride(p, w);
    cJSON* tasks = ks_json_array(json, json->root, "tasks");
    for (size_t i = 0; i < p->num_tasks; i++) {
        ks_theatre_request request = p->request;
        memcpy(request.task, p->tasks + i * dim, dim * sizeof *request.task);
        if (!ks_theatre_perform(theatre, play, &request, err)) {
            return false;
        }
        if (p->on_task) {
            p->on_task(p->user, play);
        }
        tell_task(json, tasks, w, play, stride);
    }
    return true;
}

bool ks_page_tell_policies(ks_json* json, const ks_page_policies* p, ks_error* err) {
    ks_world world = {0};
    ks_theatre* theatre = ks_theatre_create(&p->actor, 1, &p->settings, err);
    ks_play* play = theatre ? ks_theatre_make_play(theatre, err) : NULL;
    bool ok = play && ks_world_init(&world, p->actor.model, err);
    if (ok) {
        tell_head(json, p, play, &world);
        ok = adapt_to_all(json, p, theatre, play, &world, err);
    }
    ks_world_free(&world);
    ks_play_destroy(play);
    ks_theatre_destroy(theatre);
    return ok;
}
