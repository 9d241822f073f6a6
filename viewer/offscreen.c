#include "viewer/offscreen.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEVICES = 16 };

struct ks_offscreen {
    EGLDisplay display;
    EGLContext context;
};

/* Mesa's platform without any surfaces; else every device that the driver knows. None of the two needs a display server. */
static bool open_display(EGLDisplay* display) {
    const char* extensions = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
    if (extensions && strstr(extensions, "EGL_MESA_platform_surfaceless")) {
        *display = eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA, NULL, NULL);
        if (*display != EGL_NO_DISPLAY && eglInitialize(*display, NULL, NULL)) {
            return true;
        }
    }
    PFNEGLQUERYDEVICESEXTPROC query = (PFNEGLQUERYDEVICESEXTPROC)eglGetProcAddress("eglQueryDevicesEXT");
    EGLDeviceEXT devices[MAX_DEVICES];
    EGLint count = 0;
    if (!query || !query(MAX_DEVICES, devices, &count)) {
        return false;
    }
    for (EGLint i = 0; i < count; i++) {
        *display = eglGetPlatformDisplay(EGL_PLATFORM_DEVICE_EXT, devices[i], NULL);
        if (*display != EGL_NO_DISPLAY && eglInitialize(*display, NULL, NULL)) {
            return true;
        }
    }
    return false;
}

/* MuJoCo's renderer wants OpenGL with the old fixed functions, and brings its own frame buffers. */
static EGLContext make_context(EGLDisplay display) {
    static const EGLint WANTED[] = {EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE};
    EGLConfig config;
    EGLint count = 0;
    if (!eglBindAPI(EGL_OPENGL_API) || !eglChooseConfig(display, WANTED, &config, 1, &count) || count < 1) {
        return EGL_NO_CONTEXT;
    }
    return eglCreateContext(display, config, EGL_NO_CONTEXT, NULL);
}

ks_offscreen* ks_offscreen_create(ks_error* err) {
    ks_offscreen* o = calloc(1, sizeof *o);
    if (!o) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    o->display = EGL_NO_DISPLAY;
    o->context = EGL_NO_CONTEXT;
    if (!open_display(&o->display)) {
        o->display = EGL_NO_DISPLAY;
        ks_fail(err, KS_FAILED,
                "EGL cannot draw without a display here: no driver was found (Debian: libegl1 and libgl1-mesa-dri)");
        ks_offscreen_destroy(o);
        return NULL;
    }
    o->context = make_context(o->display);
    if (!ks_offscreen_use(o, err)) {
        ks_offscreen_destroy(o);
        return NULL;
    }
    return o;
}

bool ks_offscreen_use(ks_offscreen* o, ks_error* err) {
    return (o->context != EGL_NO_CONTEXT && eglMakeCurrent(o->display, EGL_NO_SURFACE, EGL_NO_SURFACE, o->context)) ||
           ks_fail(err, KS_FAILED, "EGL gives no context for OpenGL (error 0x%x; Debian: libgl1-mesa-dri)",
                   (unsigned)eglGetError());
}

/* The display stays open: all contexts of the process share it, and eglTerminate would take it from the others. */
void ks_offscreen_destroy(ks_offscreen* o) {
    if (!o) {
        return;
    }
    if (o->display != EGL_NO_DISPLAY) {
        eglMakeCurrent(o->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
        if (o->context != EGL_NO_CONTEXT) {
            eglDestroyContext(o->display, o->context);
        }
    }
    eglReleaseThread();
    free(o);
}
