/* Pictures of a world, without a display. In a library of its own, since it needs EGL, which not every machine has. */
#include "python/objects.h"
#include "viewer/offscreen.h"
#include "viewer/plate.h"
#include "viewer/scene.h"

#include <stdlib.h>
#include <string.h>

struct ks_api_camera {
    const ks_api_env* env;
    ks_view view;
    ks_plate plate;
    ks_offscreen* offscreen;
    ks_scene* scene;
    size_t nq; /* numbers of a state */
};

ks_api_camera* ks_api_camera_create(const ks_api_env* env, int width, int height, ks_error* err) {
    ks_api_camera* c = calloc(1, sizeof *c);
    if (!c) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    c->env = env;
    c->nq = env->def->nq > 0 ? (size_t)env->def->nq : 2;
    if (env->def->nq == 0 && !ks_env_is_plane(env->def)) {
        ks_fail(err, KS_BAD_INPUT, "%s has neither physics nor a place in the plane that could be drawn",
                env->def->name);
        free(c);
        return NULL;
    }
    bool ok = ks_plate_init(&c->plate, width, height, err);
    ks_scene_settings settings = {
        .width = c->plate.fine_rect.width, .height = c->plate.fine_rect.height, .font = c->plate.font};
    c->offscreen = ok ? ks_offscreen_create(err) : NULL;
    c->scene = c->offscreen ? ks_scene_create(env->model, &settings, err) : NULL;
    if (!c->scene) {
        ks_api_camera_destroy(c);
        return NULL;
    }
    c->view = ks_view_default(env->model);
    return c;
}

void ks_api_camera_destroy(ks_api_camera* c) {
    if (c) {
        ks_error unused;
        if (c->scene && ks_offscreen_use(c->offscreen, &unused)) {
            ks_scene_destroy(c->scene);
        }
        ks_offscreen_destroy(c->offscreen);
        ks_plate_free(&c->plate);
        free(c);
    }
}

/* A play of one act, which is the world's way so far. */
static ks_play* play_of(const ks_api_camera* c, const double* states, size_t count, const double* task, ks_error* err) {
    ks_play_sizes sizes = {.rows = 1, .steps = 1, .nq = (int)c->nq, .length = count, .ghosts = 1, .ghost_len = 1};
    ks_play* play = ks_play_create(&sizes, err);
    if (!play) {
        return NULL;
    }
    play->def = c->env->def;
    memcpy(play->task, task, (size_t)c->env->def->task_dim * sizeof *task);
    play->dt = c->env->def->dt > 0 ? c->env->def->dt : 1;
    play->rows = 1;
    play->steps = 0;
    ks_act* act = &play->acts[0][0];
    act->length = count - 1;
    memcpy(act->qpos, states, count * c->nq * sizeof *states);
    return play;
}

bool ks_api_camera_shoot(ks_api_camera* c, const double* states, size_t count, const double* task, uint8_t* rgb,
                         ks_error* err) {
    ks_play* play = ks_offscreen_use(c->offscreen, err) ? play_of(c, states, count, task, err) : NULL;
    if (!play) {
        return false;
    }
    ks_scene_draw(c->scene, c->plate.fine_rect, play, 0, 0, (double)(count - 1) * play->dt, &c->view);
    const unsigned char* pixels = ks_plate_develop(&c->plate, ks_scene_context(c->scene), err);
    if (pixels) {
        memcpy(rgb, pixels, (size_t)c->plate.width * (size_t)c->plate.height * 3);
    }
    ks_play_destroy(play);
    return pixels != NULL;
}
