#include "viewer/plate.h"

#include <stdlib.h>

enum { FINER = 2 };

/* letters that are in proportion to small and to large pictures */
static double unit_of(int width, int height) {
    int side = width < height * 16 / 9 ? width : height * 16 / 9;
    return side < 600 ? 0.75 : side < 1500 ? 1 : side < 2200 ? 1.5 : 3;
}

static int font_of(double unit) {
    double scale = 100 * unit * FINER;
    return scale <= 150 ? mjFONTSCALE_150 : scale <= 200 ? mjFONTSCALE_200 : mjFONTSCALE_300;
}

bool ks_plate_init(ks_plate* p, int width, int height, ks_error* err) {
    *p = (ks_plate){.width = width, .height = height};
    if (width < KS_PLATE_MIN_SIDE || height < KS_PLATE_MIN_SIDE || width > KS_PLATE_MAX_SIDE ||
        height > KS_PLATE_MAX_SIDE) {
        return ks_fail(err, KS_BAD_INPUT, "a picture is %d to %d pixels wide and high, and %dx%d is not",
                       KS_PLATE_MIN_SIDE, KS_PLATE_MAX_SIDE, width, height);
    }
    size_t pixels = (size_t)width * (size_t)height;
    double unit = unit_of(width, height);
    p->fine_rect = (mjrRect){0, 0, FINER * width, FINER * height};
    p->unit = FINER * unit;
    p->font = font_of(unit);
    p->fine = malloc(FINER * FINER * pixels * 3);
    p->rgb = malloc(pixels * 3);
    return (p->fine && p->rgb) ||
           ks_fail(err, KS_FAILED, "not enough memory for pictures of %dx%d pixels", width, height);
}

void ks_plate_free(ks_plate* p) {
    free(p->fine);
    free(p->rgb);
}

/* the mean of FINER x FINER pixels, rows turned upside down */
static void shrink(ks_plate* p) {
    size_t stride = (size_t)p->width * FINER * 3;
    for (int y = 0; y < p->height; y++) {
        const unsigned char* from = p->fine + (size_t)(p->height - 1 - y) * FINER * stride;
        unsigned char* to = p->rgb + (size_t)y * (size_t)p->width * 3;
        for (int x = 0; x < p->width; x++) {
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

const unsigned char* ks_plate_develop(ks_plate* p, const mjrContext* context, ks_error* err) {
    mjr_readPixels(p->fine, NULL, p->fine_rect, context);
    int error = mjr_getError();
    if (error != 0) {
        ks_fail(err, KS_FAILED, "OpenGL failed while drawing (error 0x%x)", (unsigned)error);
        return NULL;
    }
    shrink(p);
    return p->rgb;
}
