#include "bench/bench.h"
#include "viewer/offscreen.h"
#include "viewer/picture.h"
#include "viewer/rehearsal.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { STEPS = 3, WIDTH = 640, HEIGHT = 480, FRAMES = 30 };

/* The time from asking for another task to having the play, through the thread that the window uses. */
static bool time_adaptation(double* seconds, const ks_play** play, ks_rehearsal* rehearsal,
                            const ks_theatre_request* request, ks_error* err) {
    static const struct timespec MOMENT = {.tv_nsec = 200000};
    ks_rehearsal_ask(rehearsal, request);
    for (;;) {
        switch (ks_rehearsal_take(rehearsal, play, seconds, err)) {
            case KS_NEW_PLAY:
                return true;
            case KS_PLAY_FAILED:
                return false;
            case KS_NO_NEWS:
                nanosleep(&MOMENT, NULL);
        }
    }
}

/* Mean time of a picture, until the pixels are there. */
static double time_frames(ks_picture* picture, const ks_play* play, const ks_view* view) {
    const ks_caption caption = {.title = play->def->name, .charts = true};
    const mjrRect all = {0, 0, WIDTH, HEIGHT};
    double start = ks_clock();
    for (int i = 0; i < FRAMES; i++) {
        ks_picture_draw(picture, all, play, ks_play_duration(play) * i / FRAMES, view, &caption);
        mjr_finish();
    }
    return (ks_clock() - start) / FRAMES;
}

static bool measure(ks_bench_view* r, ks_theatre* theatre, const ks_theatre_request* request, const ks_env_model* model,
                    int rounds, ks_error* err) {
    const ks_scene_settings size = {.width = WIDTH, .height = HEIGHT, .font = mjFONTSCALE_100};
    ks_view view = ks_view_default(model);
    view.shadows = view.reflections = false; /* what the window does where they cost too much */
    ks_rehearsal* rehearsal = ks_rehearsal_create(theatre, NULL, err);
    ks_offscreen* offscreen = rehearsal ? ks_offscreen_create(err) : NULL;
    ks_scene* scene = offscreen ? ks_scene_create(model, &size, err) : NULL;
    ks_picture* picture = scene ? ks_picture_create(scene, 1, err) : NULL;
    bool ok = picture;
    double adapt_s = INFINITY, frame_s = INFINITY;
    for (int i = 0; ok && i < rounds; i++) {
        double seconds;
        const ks_play* play = NULL;
        ok = time_adaptation(&seconds, &play, rehearsal, request, err);
        if (ok) {
            adapt_s = fmin(adapt_s, seconds);
            frame_s = fmin(frame_s, time_frames(picture, play, &view));
        }
    }
    *r = (ks_bench_view){.width = WIDTH, .height = HEIGHT, .panes = STEPS + 1, .adapt_s = adapt_s, .frame_s = frame_s};
    ks_picture_destroy(picture);
    ks_scene_destroy(scene);
    ks_offscreen_destroy(offscreen);
    ks_rehearsal_destroy(rehearsal);
    return ok;
}

bool ks_bench_view_run(ks_bench_view* result, const ks_bench_options* o, ks_error* err) {
    const ks_config* c = o->config;
    ks_problem* problem = ks_problem_rl.create(&c->rl, KS_MAML, 1, err);
    if (!problem) {
        return false;
    }
    ks_policy_settings shape;
    ks_policy* policy = ks_config_policy(&shape, c, problem, err) ? ks_policy_create(&shape, err) : NULL;
    ks_real* theta = calloc(policy ? ks_policy_num_params(policy) : 1, sizeof *theta);
    bool ok = policy && (theta || ks_fail(err, KS_FAILED, "not enough memory")) &&
              ks_initial_theta(theta, c, problem, policy, err);
    ks_theatre_policy actor = {.model = ks_rl_model(problem),
                               .policy = policy,
                               .params = theta,
                               .sizes = {.lr = c->inner.lr, .steps = STEPS},
                               .advantage = ks_rl_advantage(&c->rl, false)};
    for (int j = 0; j < STEPS; j++) {
        actor.lr[j] = c->inner.lr;
    }
    ks_theatre_settings settings = ks_theatre_settings_default();
    settings.max_steps = STEPS;
    settings.max_trajectories = (size_t)c->rl.trajectories;
    settings.horizon = settings.length = (size_t)c->rl.horizon;
    settings.threads = o->threads;
    ks_theatre_request request = {
        .steps = STEPS, .trajectories = settings.max_trajectories, .lr_factor = 1, .seed = (uint64_t)c->seed};
    request.task[0] = 1;
    ks_theatre* theatre = ok ? ks_theatre_create(&actor, 1, &settings, err) : NULL;
    ok = theatre && measure(result, theatre, &request, actor.model, o->rounds, err);
    ks_theatre_destroy(theatre);
    free(theta);
    ks_policy_destroy(policy);
    ks_rl_destroy(problem);
    return ok;
}
