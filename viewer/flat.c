#include "viewer/flat.h"

enum { GL_RGB = 0x1907 };

void ks_flat_context(mjrContext* context, int font) {
    mjr_defaultContext(context);
    mjr_makeContext(NULL, context, font);
    context->readPixelFormat = GL_RGB; /* which a context of a model has */
}

bool ks_flat_open(ks_flat* f, int width, int height, ks_error* err) {
    bool ok = ks_plate_init(&f->plate, width, height, err);
    f->offscreen = ok ? ks_offscreen_create(err) : NULL;
    if (!f->offscreen) {
        return false;
    }
    mjrRect all = f->plate.fine_rect;
    ks_flat_context(&f->context, f->plate.font);
    f->has_context = true;
    mjr_resizeOffscreen(all.width, all.height, &f->context);
    mjr_setBuffer(mjFB_OFFSCREEN, &f->context);
    return f->context.currentBuffer == mjFB_OFFSCREEN ||
           ks_fail(err, KS_FAILED, "OpenGL has no off-screen buffer of %d x %d pixels", all.width, all.height);
}

void ks_flat_close(ks_flat* f) {
    if (f->has_context) {
        mjr_freeContext(&f->context);
    }
    ks_offscreen_destroy(f->offscreen);
    ks_plate_free(&f->plate);
}
