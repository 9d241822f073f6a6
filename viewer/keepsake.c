#include "viewer/keepsake.h"

#include "viewer/video.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FPS = 30, MOST = 100000 /* files */ };

struct ks_keepsake {
    char name[KS_KEEPSAKE_NAME];
    int stride; /* pixels of a row that is given */
    ks_video video;
    pthread_t thread;
    bool ok;
    ks_error err;
    double start;          /* s, of the first picture; < 0: none yet */
    size_t sent;           /* frames */
    unsigned char* held;   /* the last picture, which lasts until the next */
    unsigned char* frame;  /* what the thread reads */
    pthread_mutex_t mutex; /* over all that follows */
    pthread_cond_t changed;
    bool full; /* frame is the next */
    bool over; /* nothing more comes, or nothing more is taken */
};

/* The first name of that kind that is free. */
static bool find_name(char name[KS_KEEPSAKE_NAME], ks_error* err) {
    for (int i = 1; i < MOST; i++) {
        char other[KS_KEEPSAKE_NAME];
        snprintf(name, KS_KEEPSAKE_NAME, "kshot-%d.png", i);
        snprintf(other, sizeof other, "kshot-%d.mp4", i);
        if (access(name, F_OK) != 0 && access(other, F_OK) != 0) {
            return true;
        }
    }
    return ks_fail(err, KS_FAILED, "there are too many files kshot-1.png, … here");
}

bool ks_keepsake_picture(char name[KS_KEEPSAKE_NAME], int width, int height, const unsigned char* rgb, ks_error* err) {
    return find_name(name, err) && ks_png_write(name, false, width, height, rgb, err);
}

/* ---- a video ------------------------------------------------------------------------------------------------------------ */

/* In the thread: the next frame, once it is there. Without an error: there is none any more. */
static const unsigned char* next_frame(void* user, size_t index, ks_error* err) {
    ks_keepsake* k = user;
    (void)err;
    pthread_mutex_lock(&k->mutex);
    if (index > 0) { /* the one before has been read */
        k->full = false;
        pthread_cond_signal(&k->changed);
    }
    while (!k->full && !k->over) {
        pthread_cond_wait(&k->changed, &k->mutex);
    }
    bool there = k->full;
    pthread_mutex_unlock(&k->mutex);
    return there ? k->frame : NULL;
}

static void* write_all(void* user) {
    ks_keepsake* k = user;
    k->ok = ks_video_write(k->name, &k->video, &k->err);
    pthread_mutex_lock(&k->mutex);
    k->over = true;
    k->full = false;
    pthread_cond_signal(&k->changed);
    pthread_mutex_unlock(&k->mutex);
    return NULL;
}

/* Waits until the thread has read the frame before. */
static void send(ks_keepsake* k) {
    pthread_mutex_lock(&k->mutex);
    while (k->full && !k->over) {
        pthread_cond_wait(&k->changed, &k->mutex);
    }
    if (!k->over) {
        memcpy(k->frame, k->held, (size_t)k->video.width * (size_t)k->video.height * 3);
        k->full = true;
        pthread_cond_signal(&k->changed);
    }
    pthread_mutex_unlock(&k->mutex);
    k->sent++;
}

/* The held picture, for as long as it was to be seen. */
static void send_until(ks_keepsake* k, double time) {
    while (k->start >= 0 && (double)k->sent < (time - k->start) * FPS) {
        send(k);
    }
}

static void free_all(ks_keepsake* k) {
    pthread_cond_destroy(&k->changed);
    pthread_mutex_destroy(&k->mutex);
    free(k->held);
    free(k->frame);
    free(k);
}

ks_keepsake* ks_keepsake_begin(int width, int height, ks_error* err) {
    ks_keepsake* k = calloc(1, sizeof *k);
    if (!k) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    k->video = (ks_video){.kind = KS_VIDEO_MP4,
                          .width = width / 2 * 2,
                          .height = height / 2 * 2,
                          .fps = FPS,
                          .frames = SIZE_MAX,
                          .frame = next_frame,
                          .user = k};
    k->stride = width;
    k->start = -1;
    size_t size = (size_t)k->video.width * (size_t)k->video.height * 3;
    k->held = malloc(size + 1);
    k->frame = malloc(size + 1);
    pthread_mutex_init(&k->mutex, NULL); /* neither can fail with default attributes on Linux */
    pthread_cond_init(&k->changed, NULL);
    bool ok = (k->held && k->frame) ||
              ks_fail(err, KS_FAILED, "not enough memory for a video of %dx%d pixels", width, height);
    ok = ok && ks_video_check(&k->video, err) && find_name(k->name, err);
    if (ok) {
        memcpy(strrchr(k->name, '.'), ".mp4", 4);
        ok = pthread_create(&k->thread, NULL, write_all, k) == 0 ||
             ks_fail(err, KS_FAILED, "the system gives no further thread");
    }
    if (!ok) {
        free_all(k);
        return NULL;
    }
    return k;
}

void ks_keepsake_add(ks_keepsake* k, double time, const unsigned char* rgb) {
    send_until(k, time);
    k->start = k->start < 0 ? time : k->start;
    size_t row = (size_t)k->video.width * 3;
    for (int y = 0; y < k->video.height; y++) {
        memcpy(k->held + (size_t)y * row, rgb + (size_t)y * (size_t)k->stride * 3, row);
    }
}

bool ks_keepsake_end(char name[KS_KEEPSAKE_NAME], ks_keepsake* k, double time, ks_error* err) {
    send_until(k, time);
    if (k->start >= 0 && k->sent == 0) {
        send(k);
    }
    pthread_mutex_lock(&k->mutex);
    while (k->full && !k->over) { /* the last is still to be read */
        pthread_cond_wait(&k->changed, &k->mutex);
    }
    k->over = true;
    pthread_cond_signal(&k->changed);
    pthread_mutex_unlock(&k->mutex);
    pthread_join(k->thread, NULL);
    bool ok = k->ok;
    memcpy(name, k->name, KS_KEEPSAKE_NAME);
    *err = ok ? *err : k->err;
    free_all(k);
    return ok;
}
