/* images.h: few-shot classification of images as a problem (Finn et al. 2017, section 5.2): a task is `ways` classes of an image
 * set, `shots` images of each to learn from, and `queries` others of each to be judged on. The loss is the mean cross-entropy.
 *
 * With KS_PRETRAIN the model tells all classes of training apart. What is a task elsewhere is then a batch of as many images as a task
 * has, each of any class, and turned by itself. What is made of such a model for new classes: fresh_head.h, nearest.h.
 *
 * Classes of training, validation and test tasks are the set's own (image_set.h). With `rotate`, every class of a task is turned by
 * a multiple of 90 degrees, which is drawn anew with each task.
 *
 * Thread rule: as maml/problem.h. */
#ifndef KS_FEWSHOT_IMAGES_H
#define KS_FEWSHOT_IMAGES_H

#include "fewshot/image_set.h"
#include "maml/problem.h"

enum { KS_IMAGES_PATH = 1024 };

typedef enum ks_images_norm { KS_TRANSDUCTIVE, KS_INDUCTIVE } ks_images_norm;
typedef enum ks_images_split { KS_SPLIT_OWN, KS_SPLIT_RANDOM, KS_SPLIT_VINYALS } ks_images_split;

typedef struct ks_images_settings {
    char data[KS_IMAGES_PATH];
    char split_file[KS_IMAGES_PATH];
    char cache[KS_IMAGES_PATH];
    int split; /* ks_images_split */
    int64_t split_seed;
    int train_classes, validation_classes;
    int size;
    int channels;
    bool invert;
    int ways, shots, queries;
    bool rotate;
    bool rotated_classes;
    int norm;                    /* ks_images_norm: whose statistics batch norm takes for queries */
    char folder[KS_IMAGES_PATH]; /* no setting: a run directory, which may have kept its images; "" */
    int threads;                 /* no setting: that read images; 0: one */
} ks_images_settings;

extern const ks_problem_kind ks_problem_images; /* of a ks_images_settings */
extern const ks_settings_rows ks_images_rows;

/* Its images. */
const ks_image_set* ks_images_set(const ks_problem* problem);

/* Whose images a task has, and how far they are turned (in quarters), class by class. */
typedef struct ks_images_class {
    size_t number; /* in the split */
    int turns;
} ks_images_class;
ks_image_split ks_images_task_split(const ks_problem* problem);
ks_images_class ks_images_task_class(const ks_problem* problem, size_t task, size_t way);

#endif
