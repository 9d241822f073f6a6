#include "viewer/film.h"

#include "viewer/offscreen.h"

#include <stdlib.h>

enum { FINER = 2 };

struct ks_film {
    int width, height;
    ks_offscreen* offscreen;
    ks_scene* scene;
    ks_picture* picture;
    unsigned char* fine; /* (FINER height x FINER width x 3) from the bottom */
    unsigned char* rgb;  /* (height x width x 3) from the top */
};

/* letters that are in proportion to small and to large pictures */
static double unit_of(int width, int height) {
    int side = width < height * 16 / 9 ? width : height * 16 / 9;
    return side < 600 ? 0.75 : side < 1500 ? 1 : side < 2200 ? 1.5 : 3;
}

static int font_of(double unit) {
    double scale = 100 * unit * FINER;
    return scale <= 150 ? mjFONTSCALE_150 : scale <= 200 ? mjFONTSCALE_200 : mjFONTSCALE_300;
}

ks_film* ks_film_create(const ks_env_model* model, int width, int height, ks_error* err) {
    if (width < KS_FILM_MIN_SIDE || height < KS_FILM_MIN_SIDE || width > KS_FILM_MAX_SIDE ||
        height > KS_FILM_MAX_SIDE) {
        ks_fail(err, KS_BAD_INPUT, "a picture is %d to %d pixels wide and high, and %dx%d is not", KS_FILM_MIN_SIDE,
                KS_FILM_MAX_SIDE, width, height);
        return NULL;
    }
    ks_film* f = calloc(1, sizeof *f);
    size_t pixels = (size_t)width * (size_t)height;
    if (f) {
        f->width = width;
        f->height = height;
        f->fine = malloc(FINER * FINER * pixels * 3);
        f->rgb = malloc(pixels * 3);
    }
    if (!f || !f->fine || !f->rgb) {
        ks_fail(err, KS_FAILED, "not enough memory for pictures of %dx%d pixels", width, height);
        ks_film_destroy(f);
        return NULL;
    }
    double unit = unit_of(width, height);
    ks_scene_settings settings = {.width = FINER * width, .height = FINER * height, .font = font_of(unit)};
    f->offscreen = ks_offscreen_create(err);
    f->scene = f->offscreen ? ks_scene_create(model, &settings, err) : NULL;
    f->picture = f->scene ? ks_picture_create(f->scene, FINER * unit, err) : NULL;
    if (!f->picture) {
        ks_film_destroy(f);
        return NULL;
    }
    return f;
}

void ks_film_destroy(ks_film* f) {
    if (!f) {
        return;
    }
    ks_picture_destroy(f->picture);
    ks_scene_destroy(f->scene);
    ks_offscreen_destroy(f->offscreen);
    free(f->fine);
    free(f->rgb);
    free(f);
}

/* the mean of FINER x FINER pixels, rows turned upside down */
static void shrink(ks_film* f) {
    size_t stride = (size_t)f->width * FINER * 3;
    for (int y = 0; y < f->height; y++) {
        const unsigned char* from = f->fine + (size_t)(f->height - 1 - y) * FINER * stride;
        unsigned char* to = f->rgb + (size_t)y * (size_t)f->width * 3;
        for (int x = 0; x < f->width; x++) {
            for (int c = 0; c < 3; c++) {
                unsigned sum = FINER * FINER / 2;
                for (int i = 0; i < FINER * FINER; i++) {
                    sum += from[(size_t)(i / FINER) * stride + (size_t)(x * FINER + i % FINER) * 3 + (size_t)c];
                }
                to[x * 3 + c] = (unsigned char)(sum / (FINER * FINER));
            }
        }
    }
}

static const unsigned char* develop(ks_film* f, mjrRect all, ks_error* err) {
    mjr_readPixels(f->fine, NULL, all, ks_scene_context(f->scene));
    int error = mjr_getError();
    if (error != 0) {
        ks_fail(err, KS_FAILED, "OpenGL failed while drawing (error 0x%x)", (unsigned)error);
        return NULL;
    }
    shrink(f);
    return f->rgb;
}

const unsigned char* ks_film_frame(ks_film* f, const ks_play* play, double time, const ks_view* view,
                                   const ks_caption* caption, ks_error* err) {
    mjrRect all = {0, 0, FINER * f->width, FINER * f->height};
    ks_picture_draw(f->picture, all, play, time, view, caption);
    return develop(f, all, err);
}

const unsigned char* ks_film_sheet(ks_film* f, const ks_play* play, int columns, const ks_view* view,
                                   const ks_caption* caption, ks_error* err) {
    mjrRect all = {0, 0, FINER * f->width, FINER * f->height};
    ks_picture_sheet(f->picture, all, play, columns, view, caption);
    return develop(f, all, err);
}
