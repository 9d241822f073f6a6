#include "viewer/window.h"

#include "viewer/keepsake.h"

#include <GLFW/glfw3.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double SHORTEST_FRAME = 1.0 / 60; /* s */
static const double LONGEST_WAIT = 0.1;        /* s, while nothing changes: how soon Ctrl-C in the terminal is seen */
static const double DOUBLE_CLICK = 0.25;       /* s */

typedef struct window {
    GLFWwindow* handle;
    const ks_content* content;
    void* shown;   /* the content's own */
    double x, y;   /* of the mouse when it moved last: asking where it is now would tell what is later than the event */
    double pixels; /* of the framebuffer per unit of the window's coordinates */
    bool leave;
    const ks_window_settings* settings;
    bool want_picture, want_video; /* the first once, the second as long as it is on */
    ks_keepsake* video;            /* NULL: none is being made */
    int video_width, video_height;
} window;

/* ---- events into the state that MuJoCo's user interface understands ---------------------------------------------------------- */

static window* of(GLFWwindow* handle) {
    return glfwGetWindowUserPointer(handle);
}

static mjuiState* state_of(const window* w) {
    return w->content->state(w->shown);
}

static void read_mouse(window* w) {
    mjuiState* s = state_of(w);
    double x = w->x * w->pixels;
    double y = s->rect[0].height - w->y * w->pixels; /* up is up */
    s->dx = x - s->x;
    s->dy = y - s->y;
    s->x = x;
    s->y = y;
    s->mouserect = mjr_findRect((int)lround(x), (int)lround(y), s->nrect - 1, s->rect + 1) + 1;
}

static void read_modifiers(window* w) {
    static const int KEYS[][2] = {{GLFW_KEY_LEFT_CONTROL, GLFW_KEY_RIGHT_CONTROL},
                                  {GLFW_KEY_LEFT_SHIFT, GLFW_KEY_RIGHT_SHIFT},
                                  {GLFW_KEY_LEFT_ALT, GLFW_KEY_RIGHT_ALT}};
    mjuiState* s = state_of(w);
    int* const into[] = {&s->control, &s->shift, &s->alt};
    for (int i = 0; i < 3; i++) {
        *into[i] = glfwGetKey(w->handle, KEYS[i][0]) == GLFW_PRESS || glfwGetKey(w->handle, KEYS[i][1]) == GLFW_PRESS;
    }
}

static void tell(window* w, int type) {
    state_of(w)->type = type;
    w->leave = !w->content->event(w->shown) || w->leave;
}

static void on_button(GLFWwindow* handle, int button, int action, int modifiers) {
    (void)modifiers;
    window* w = of(handle);
    mjuiState* s = state_of(w);
    int which = button == GLFW_MOUSE_BUTTON_LEFT    ? mjBUTTON_LEFT
                : button == GLFW_MOUSE_BUTTON_RIGHT ? mjBUTTON_RIGHT
                                                    : mjBUTTON_MIDDLE;
    read_mouse(w);
    read_modifiers(w);
    s->left = glfwGetMouseButton(handle, GLFW_MOUSE_BUTTON_LEFT) == GLFW_PRESS;
    s->right = glfwGetMouseButton(handle, GLFW_MOUSE_BUTTON_RIGHT) == GLFW_PRESS;
    s->middle = glfwGetMouseButton(handle, GLFW_MOUSE_BUTTON_MIDDLE) == GLFW_PRESS;
    if (action == GLFW_PRESS) {
        double time = glfwGetTime();
        s->doubleclick = which == s->button && time - s->buttontime < DOUBLE_CLICK;
        s->button = which;
        s->buttontime = time;
        if (s->mouserect) {
            s->dragbutton = which;
            s->dragrect = s->mouserect;
        }
        tell(w, mjEVENT_PRESS);
    } else {
        tell(w, mjEVENT_RELEASE);
        s->dragrect = s->dragbutton = 0;
    }
}

static void on_move(GLFWwindow* handle, double x, double y) {
    window* w = of(handle);
    w->x = x;
    w->y = y;
    read_mouse(w);
    read_modifiers(w);
    tell(w, mjEVENT_MOVE);
}

static void on_scroll(GLFWwindow* handle, double x, double y) {
    window* w = of(handle);
    mjuiState* s = state_of(w);
    read_mouse(w);
    s->sx = x;
    s->sy = y;
    tell(w, mjEVENT_SCROLL);
}

static void on_refresh(GLFWwindow* handle);

static void on_key(GLFWwindow* handle, int key, int code, int action, int modifiers) {
    (void)code, (void)modifiers;
    window* w = of(handle);
    mjuiState* s = state_of(w);
    if (action == GLFW_RELEASE) {
        return;
    }
    read_mouse(w);
    read_modifiers(w);
    if (s->control && (key == GLFW_KEY_P || key == GLFW_KEY_R)) {
        if (action == GLFW_PRESS && key == GLFW_KEY_P) {
            w->want_picture = true;
        } else if (action == GLFW_PRESS) {
            w->want_video = !w->want_video;
        }
        on_refresh(handle);
        return;
    }
    s->key = key;
    s->keytime = glfwGetTime();
    tell(w, mjEVENT_KEY);
}

static void on_resize(GLFWwindow* handle, int width, int height) {
    window* w = of(handle);
    w->content->resize(w->shown, width, height);
}

static void measure(window* w) {
    int width, height, wide, high;
    glfwGetWindowSize(w->handle, &width, &height);
    glfwGetFramebufferSize(w->handle, &wide, &high);
    w->pixels = width > 0 ? (double)wide / width : 1;
}

static void on_window_size(GLFWwindow* handle, int width, int height) {
    (void)width, (void)height;
    measure(of(handle));
}

static void on_refresh(GLFWwindow* handle) {
    int width, height;
    glfwGetFramebufferSize(handle, &width, &height);
    on_resize(handle, width, height); /* also marks everything as to be drawn */
}

/* ---- the window ---------------------------------------------------------------------------------------------------------------- */

static bool fail_with_glfw(const char* what, ks_error* err) {
    const char* why = NULL;
    glfwGetError(&why);
    return ks_fail(err, KS_FAILED, "%s (%s); `kshot record` makes the same picture without a display", what,
                   why ? why : "no reason is given");
}

/* Smooth edges cost nothing on a graphics card, and most of the time without one. */
static bool draws_in_software(void) {
    typedef const unsigned char* (*get_string)(unsigned);
    enum { RENDERER = 0x1F01 };
    get_string get = (get_string)glfwGetProcAddress("glGetString");
    const char* name = get ? (const char*)get(RENDERER) : NULL;
    return name && (strstr(name, "llvmpipe") || strstr(name, "softpipe") || strstr(name, "swrast"));
}

static bool open_window(window* w, const char* title, int width, int height, ks_error* err) {
    if (!glfwInit()) {
        return fail_with_glfw("no window can be opened", err);
    }
    for (int samples = 4;; samples = 0) {
        glfwWindowHint(GLFW_SAMPLES, samples);
        glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
        w->handle = glfwCreateWindow(width, height, title, NULL, NULL);
        if (w->handle) {
            glfwMakeContextCurrent(w->handle);
        }
        if (samples == 0 || (w->handle && !draws_in_software())) {
            break;
        }
        if (w->handle) {
            glfwDestroyWindow(w->handle);
        }
    }
    if (!w->handle) {
        return fail_with_glfw("no window with OpenGL can be opened", err);
    }
    glfwSwapInterval(1);
    glfwSetWindowUserPointer(w->handle, w);
    measure(w);
    return true;
}

static void set_callbacks(window* w) {
    glfwSetMouseButtonCallback(w->handle, on_button);
    glfwSetCursorPosCallback(w->handle, on_move);
    glfwSetScrollCallback(w->handle, on_scroll);
    glfwSetKeyCallback(w->handle, on_key);
    glfwSetFramebufferSizeCallback(w->handle, on_resize);
    glfwSetWindowSizeCallback(w->handle, on_window_size);
    glfwSetWindowRefreshCallback(w->handle, on_refresh);
}

/* letters for the display: 100 % on usual ones */
static int font_for(double* scale, GLFWwindow* handle) {
    float x, y;
    glfwGetWindowContentScale(handle, &x, &y);
    *scale = fmin(fmax(floor(2 * (double)x + 0.25) / 2, 1), 3);
    return (int)lround(*scale * 2) * 50;
}

static bool open_content(window* w, const void* settings, ks_error* err) {
    int width, height;
    ks_screen screen = {.wake = glfwPostEmptyEvent};
    screen.font = font_for(&screen.scale, w->handle);
    w->shown = w->content->open(settings, &screen, err);
    if (!w->shown) {
        return false;
    }
    glfwGetFramebufferSize(w->handle, &width, &height);
    w->content->resize(w->shown, width, height);
    glfwGetCursorPos(w->handle, &w->x, &w->y);
    set_callbacks(w);
    return true;
}

/* ---- pictures and videos of it -------------------------------------------------------------------------------------------------- */

/* What was just drawn, before it is shown; NULL: there is no memory. To be freed. */
static unsigned char* read_pixels(int width, int height) {
    enum { RGB = 0x1907, UNSIGNED_BYTE = 0x1401, PACK_ALIGNMENT = 0x0D05 };
    typedef void (*read_function)(int, int, int, int, unsigned, unsigned, void*);
    typedef void (*store_function)(unsigned, int);
    read_function read = (read_function)glfwGetProcAddress("glReadPixels");
    store_function store = (store_function)glfwGetProcAddress("glPixelStorei");
    size_t row = (size_t)width * 3;
    unsigned char *raw = malloc(row * (size_t)height + 1), *rgb = malloc(row * (size_t)height + 1);
    bool ok = raw && rgb && read && store;
    if (ok) {
        store(PACK_ALIGNMENT, 1);
        read(0, 0, width, height, RGB, UNSIGNED_BYTE, raw);
        for (int y = 0; y < height; y++) { /* from the top */
            memcpy(rgb + (size_t)y * row, raw + (size_t)(height - 1 - y) * row, row);
        }
    }
    free(raw);
    if (!ok) {
        free(rgb);
        return NULL;
    }
    return rgb;
}

static void tell_of_file(const window* w, bool ok, const char* name, const ks_error* err) {
    if (w->settings->on_file) {
        w->settings->on_file(w->settings->user, name, ok ? NULL : err);
    }
}

static void end_video(window* w) {
    char name[KS_KEEPSAKE_NAME];
    ks_error err = {0};
    if (w->video) {
        bool ok = ks_keepsake_end(name, w->video, glfwGetTime(), &err);
        w->video = NULL;
        glfwSetWindowTitle(w->handle, w->settings->title);
        tell_of_file(w, ok, name, &err);
    }
}

static void begin_video(window* w, int width, int height) {
    char title[256];
    ks_error err = {0};
    w->video = ks_keepsake_begin(width, height, &err);
    w->video_width = width;
    w->video_height = height;
    w->want_video = w->video != NULL;
    if (w->video) {
        snprintf(title, sizeof title, "%s (recording)", w->settings->title);
        glfwSetWindowTitle(w->handle, title);
    } else {
        tell_of_file(w, false, "", &err);
    }
}

/* After a picture was drawn. */
static void keep(window* w) {
    int width, height;
    glfwGetFramebufferSize(w->handle, &width, &height);
    bool resized = w->video && (width != w->video_width || height != w->video_height);
    if (w->video && (!w->want_video || resized)) {
        end_video(w);
        w->want_video = false;
    }
    if (!w->want_picture && !w->want_video) {
        return;
    }
    unsigned char* rgb = read_pixels(width, height);
    if (w->want_picture) {
        char name[KS_KEEPSAKE_NAME] = "";
        ks_error err = {0};
        bool ok = rgb || ks_fail(&err, KS_FAILED, "not enough memory for a picture of the window");
        ok = ok && ks_keepsake_picture(name, width, height, rgb, &err);
        w->want_picture = false;
        tell_of_file(w, ok, name, &err);
    }
    if (w->want_video && !w->video) {
        begin_video(w, width, height);
    }
    if (w->video && rgb) {
        ks_keepsake_add(w->video, glfwGetTime(), rgb);
    }
    free(rgb);
}

static bool loop(window* w, const volatile sig_atomic_t* stop, ks_window_stats* stats, ks_error* err) {
    double last = glfwGetTime(), drawing = 0;
    while (!w->leave && !glfwWindowShouldClose(w->handle) && !(stop && *stop)) {
        double now = glfwGetTime();
        if (w->content->advance(w->shown, now - last)) {
            w->content->draw(w->shown, drawing);
            mjr_finish();
            drawing = glfwGetTime() - now;
            keep(w);
            glfwSwapBuffers(w->handle);
            stats->frames++;
            stats->frame_s += drawing;
            glfwPollEvents();
            double left = SHORTEST_FRAME - (glfwGetTime() - now);
            if (left > 0) { /* where no display sets the pace */
                glfwWaitEventsTimeout(left);
            }
        } else {
            glfwWaitEventsTimeout(LONGEST_WAIT);
        }
        last = now;
        int error = mjr_getError();
        if (error != 0) {
            return ks_fail(err, KS_FAILED, "OpenGL failed while drawing (error 0x%x)", (unsigned)error);
        }
    }
    return true;
}

bool ks_window_run(const ks_content* content, const void* of_what, const ks_window_settings* settings,
                   ks_window_stats* stats, ks_error* err) {
    window w = {.content = content, .settings = settings};
    *stats = (ks_window_stats){0};
    bool ok = open_window(&w, settings->title, settings->width, settings->height, err) &&
              open_content(&w, of_what, err) && loop(&w, settings->stop, stats, err);
    end_video(&w);
    if (w.shown) {
        content->close(w.shown);
    }
    if (w.handle) {
        glfwDestroyWindow(w.handle);
    }
    glfwTerminate();
    stats->frame_s = stats->frames > 0 ? stats->frame_s / (double)stats->frames : 0;
    return ok;
}
