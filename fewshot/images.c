#include "fewshot/images.h"

#include "base/number.h"
#include "base/rng.h"
#include "fewshot/fewshot_audit.h"
#include "fewshot/image_files_internal.h"
#include "fewshot/images_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUPPORT, QUERY, SETS };
enum {
    CLASS_NUMBERS,
    IMAGE_NUMBERS
}; /* trajectory of a task's random numbers: for its classes, and then for each class */
enum { TURNS = 4 };
enum { NUMBERS = 3 }; /* random ones of an image in a batch: its class, its number there, and its turns */

/* (count) of every task, class after class */
typedef struct examples {
    size_t each;  /* of a class */
    size_t count; /* of a task */
    ks_real* x;   /* (tasks x count x inputs) */
    ks_real* y;   /* (count) labels, which are the same for all tasks; or (tasks x count), in batches of all classes */
} examples;

typedef struct images {
    ks_problem base;
    ks_images_settings settings;
    const ks_image_set* set;
    ks_image_set* own_set; /* the same, or NULL: another object's */
    size_t side, channels, inputs;
    size_t ways, tasks;
    size_t labels;          /* that the model tells apart: ways, or all classes of training */
    ks_image_split split;   /* of the tasks that were drawn */
    ks_images_class* class; /* (tasks x ways) */
    examples of[SETS];
    size_t* order;   /* numbers of classes, or of images of a class: 0, 1, 2, … between draws */
    double* uniform; /* (2 x ways, or images of a class) */
} images;

/* ---- settings ------------------------------------------------------------------------------------------------------------- */

#define AT(member) offsetof(ks_images_settings, member)
static const ks_setting ROWS[] = {
    {"images.data", KS_SETTING_TEXT, AT(data), .text = "strokes", .room = KS_IMAGES_PATH, .free_on_resume = true,
     .of_machine = true,
     .help =
         "where images are: a folder SPLIT/CLASS/*.png or .jpg, a zip file, Omniglot's archives; or strokes: drawn"},
    {"images.split", KS_SETTING_CHOICE, AT(split), .initial = KS_SPLIT_OWN, .text = "own|random|vinyals",
     .help = "which classes are trained on: the set's own split, one drawn at random, or Vinyals' of Omniglot"},
    {"images.split_file", KS_SETTING_TEXT, AT(split_file), .text = "", .room = KS_IMAGES_PATH, .free_on_resume = true,
     .of_machine = true, .help = "a file that says so, in place of split"},
    {"images.split_seed", KS_SETTING_INT64, AT(split_seed), 0, 0x1p63, 1, .help = "of a random split"},
    {"images.train_classes", KS_SETTING_INT, AT(train_classes), 0, 1e6, 0,
     .help = "of a random split; with validation_classes 0: 64 %, 16 % and 20 %"},
    {"images.validation_classes", KS_SETTING_INT, AT(validation_classes), 0, 1e6, 0,
     .help = "of a random split; what is left is for tests"},
    {"images.size", KS_SETTING_INT, AT(size), 0, 1024, 28, .help = "pixels of a side; 0: as the images have it"},
    {"images.channels", KS_SETTING_INT, AT(channels), 0, 3, 0, .help = "1: grey, 3: colour, 0: as the images have it"},
    {"images.invert", KS_SETTING_BOOL, AT(invert), .help = "dark on light becomes light on dark"},
    {"images.ways", KS_SETTING_INT, AT(ways), 2, 1000, 5, .help = "classes of a task"},
    {"images.shots", KS_SETTING_INT, AT(shots), 1, 1000, 1, .help = "images of each that the inner steps learn from"},
    {"images.queries", KS_SETTING_INT, AT(queries), 1, 1000, 1, .help = "images of each that the outcome is judged on"},
    {"images.rotate", KS_SETTING_BOOL, AT(rotate), .initial = 1,
     .help = "turn every class of a task by a multiple of 90 degrees"},
    {"images.rotated_classes", KS_SETTING_BOOL, AT(rotated_classes),
     .help = "take the four turns of a class for four classes"},
    {"images.norm", KS_SETTING_CHOICE, AT(norm), .initial = KS_TRANSDUCTIVE, .text = "transductive|inductive",
     .help =
         "batch norm of queries by their own batch, as in the paper; or by the support's, so that queries are alone"},
    {"images.cache", KS_SETTING_TEXT, AT(cache), .text = "", .room = KS_IMAGES_PATH, .free_on_resume = true,
     .of_machine = true, .saves_time = true,
     .help = "file that keeps the images as they were read; empty: images.safetensors in the run directory; or none"},
};
const ks_settings_rows ks_images_rows = {ROWS, sizeof ROWS / sizeof *ROWS};

static bool check(const void* settings, ks_error* err) {
    const ks_images_settings* s = settings;
    if (s->channels == 2) {
        return ks_fail(err, KS_BAD_INPUT,
                       "images.channels is 1 (grey), 3 (colour) or 0 (as the images have it), not 2");
    }
    return !(s->rotate && s->rotated_classes) ||
           ks_fail(err, KS_BAD_INPUT, "images.rotated_classes: turns are classes already; rotate must be false");
}

/* ---- creation ------------------------------------------------------------------------------------------------------------- */

static size_t num_classes(const images* p, ks_image_split split) {
    return ks_image_set_num_classes(p->set, split) * (p->settings.rotated_classes ? TURNS : 1);
}

/* Every split that has classes has enough of them, and of images. */
static bool check_set(const images* p, ks_error* err) {
    const ks_images_settings* s = &p->settings;
    size_t wanted = (size_t)(s->shots + s->queries);
    for (int split = 0; split < KS_IMAGES_SPLITS; split++) {
        size_t classes = ks_image_set_num_classes(p->set, (ks_image_split)split);
        size_t all = num_classes(p, (ks_image_split)split);
        if ((all > 0 || split == KS_IMAGES_TRAIN) && all < p->ways) {
            return ks_fail(err, KS_BAD_INPUT, "%s: %zu %s classes, and images.ways: %zu takes as many at least",
                           s->data, all, ks_image_split_names[split], p->ways);
        }
        for (size_t c = 0; c < classes; c++) {
            size_t there = ks_image_set_num_images(p->set, (ks_image_split)split, c);
            if (there < wanted) {
                return ks_fail(err, KS_BAD_INPUT, "%s: class %s has %zu image%s; images.shots + images.queries are %zu",
                               s->data, ks_image_set_class_name(p->set, (ks_image_split)split, c), there,
                               there == 1 ? "" : "s", wanted);
            }
        }
    }
    return true;
}

static void destroy(ks_problem* problem) {
    images* p = (images*)problem;
    if (p) {
        for (int s = 0; s < SETS; s++) {
            free(p->of[s].x);
            free(p->of[s].y);
        }
        ks_image_set_close(p->own_set);
        free(p->class);
        free(p->order);
        free(p->uniform);
        free(p);
    }
}

/* set: another object's images; NULL: they are read. */
static ks_problem* create_on(const ks_image_set* set, const ks_images_settings* s, ks_method method, size_t tasks,
                             ks_error* err) {
    if (method == KS_ORACLE) {
        ks_fail(err, KS_BAD_INPUT,
                "method: oracle: a task of images cannot be told to the model; maml and pretrain can be");
        return NULL;
    }
    images* p = calloc(1, sizeof *p);
    if (!p) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    p->settings = *s;
    p->ways = (size_t)s->ways;
    p->set = set;
    bool ok = check(s, err);
    if (ok && !set) {
        p->set = p->own_set = ks_images_open(s, err);
    }
    if (!ok || !p->set || !check_set(p, err)) {
        destroy(&p->base);
        return NULL;
    }
    p->side = (size_t)ks_image_set_size(p->set);
    p->channels = (size_t)ks_image_set_channels(p->set);
    p->inputs = p->side * p->side * p->channels;
    p->of[SUPPORT].each = (size_t)s->shots;
    p->of[QUERY].each = (size_t)s->queries;
    for (int i = 0; i < SETS; i++) {
        p->of[i].count = p->ways * p->of[i].each;
    }
    p->labels = p->ways;
    if (method == KS_PRETRAIN) {
        p->labels = num_classes(p, KS_IMAGES_TRAIN);
        p->of[QUERY].count += p->of[SUPPORT].count;
    }
    size_t longest = p->of[SUPPORT].count > p->of[QUERY].count ? p->of[SUPPORT].count : p->of[QUERY].count;
    p->base = (ks_problem){.kind = &ks_problem_images,
                           .name = ks_problem_images.name,
                           .tasks = tasks,
                           .max_rows = longest,
                           .adapts = method == KS_MAML,
                           .accuracy = true,
                           .has_validation = ks_image_set_num_classes(p->set, KS_IMAGES_VALIDATION) > 0};
    return &p->base;
}

static ks_problem* create(const void* settings, ks_method method, size_t tasks, ks_error* err) {
    return create_on(NULL, settings, method, tasks, err);
}

static ks_problem* create_beside(const ks_problem* first, const void* settings, ks_method method, size_t tasks,
                                 ks_error* err) {
    return create_on(((const images*)first)->set, settings, method, tasks, err);
}

static void set_folder(void* settings, const char* folder) {
    ks_images_settings* s = settings;
    bool fits = strlen(folder) < sizeof s->folder;
    snprintf(s->folder, sizeof s->folder, "%s", fits ? folder : "");
}

static void set_threads(void* settings, int threads) {
    ((ks_images_settings*)settings)->threads = threads;
}

static void keep(const ks_problem* problem) {
    const images* p = (const images*)problem;
    if (p->own_set) {
        ks_images_keep(p->own_set, &p->settings);
    }
}

/* As image sets go, the first image of each class says which one it is. */
static void content(const ks_problem* problem, char text[KS_PROBLEM_CONTENT]) {
    const ks_image_set* set = ((const images*)problem)->set;
    size_t classes[KS_IMAGES_SPLITS], total = 0;
    size_t side = (size_t)ks_image_set_size(set), channels = (size_t)ks_image_set_channels(set);
    uint64_t hash = KS_IMAGE_HASH_START;
    for (int split = 0; split < KS_IMAGES_SPLITS; split++) {
        classes[split] = ks_image_set_num_classes(set, (ks_image_split)split);
        for (size_t c = 0; c < classes[split]; c++) {
            const char* name = ks_image_set_class_name(set, (ks_image_split)split, c);
            size_t count = ks_image_set_num_images(set, (ks_image_split)split, c);
            hash = ks_image_hash(hash, name, strlen(name) + 1);
            hash = ks_image_hash(hash, &count, sizeof count);
            hash = ks_image_hash(hash, ks_image_set_image(set, (ks_image_split)split, c, 0), side * side * channels);
            total += count;
        }
    }
    snprintf(text, KS_PROBLEM_CONTENT, "%zu, %zu and %zu classes, %zu images of %zu x %zu x %zu, %016llx",
             classes[KS_IMAGES_TRAIN], classes[KS_IMAGES_VALIDATION], classes[KS_IMAGES_TEST], total, side, side,
             channels, (unsigned long long)hash);
}

static void shape(const ks_problem* problem, ks_policy_settings* s) {
    const images* p = (const images*)problem;
    s->obs_dim = (int)p->inputs;
    s->act_dim = (int)p->labels;
    s->head = KS_CATEGORICAL;
    s->input = (ks_image_shape){p->channels, p->side, p->side};
}

/* the most images of any class, and the most classes of any split */
static size_t longest_list(const images* p) {
    size_t longest = p->base.adapts ? 2 * p->ways : NUMBERS * p->of[QUERY].count;
    for (int split = 0; split < KS_IMAGES_SPLITS; split++) {
        size_t classes = num_classes(p, (ks_image_split)split);
        longest = classes > longest ? classes : longest;
        for (size_t c = 0; c < ks_image_set_num_classes(p->set, (ks_image_split)split); c++) {
            size_t there = ks_image_set_num_images(p->set, (ks_image_split)split, c);
            longest = there > longest ? there : longest;
        }
    }
    return longest;
}

static bool prepare(ks_problem* problem, const ks_policy* policy, const ks_problem_sizes* sizes, ks_error* err) {
    images* p = (images*)problem;
    const ks_policy_settings* s = ks_policy_get_settings(policy);
    if (s->obs_dim != (int)p->inputs || s->act_dim != (int)p->labels || s->head != KS_CATEGORICAL) {
        return ks_fail(
            err, KS_BAD_INPUT,
            "images: the model takes %d numbers and tells %d classes apart; these images have %zu x %zu x %zu "
            "numbers, and there are %zu classes (%s)",
            s->obs_dim, s->act_dim, p->channels, p->side, p->side, p->labels,
            p->base.adapts ? "images.ways" : "of training");
    }
    size_t longest = longest_list(p);
    p->tasks = sizes->tasks;
    p->class = calloc(p->tasks * p->ways, sizeof *p->class);
    p->order = malloc(longest * sizeof *p->order);
    p->uniform = malloc(longest * sizeof *p->uniform);
    bool ok = p->class && p->order && p->uniform;
    for (size_t i = 0; ok && i < longest; i++) {
        p->order[i] = i;
    }
    for (int i = 0; i < SETS; i++) {
        examples* e = &p->of[i];
        e->x = malloc(p->tasks * e->count * p->inputs * sizeof *e->x);
        e->y = malloc((p->base.adapts ? 1 : p->tasks) * e->count * sizeof *e->y);
        ok = ok && e->x && e->y;
        for (size_t n = 0; ok && p->base.adapts && n < e->count; n++) {
            e->y[n] = (ks_real)(n / e->each);
        }
    }
    return ok || ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", p->tasks);
}

/* ---- tasks ------------------------------------------------------------------------------------------------------------------ */

/* Moves `wanted` different numbers below n to the front of order, by as many uniform ones (Fisher and Yates). */
static void choose(size_t* order, size_t n, size_t wanted, const double* uniform) {
    for (size_t i = 0; i < wanted; i++) {
        size_t j = i + (size_t)(uniform[i] * (double)(n - i));
        size_t kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

/* Undoes that, so that what is drawn next does not depend on it. */
static void put_back(size_t* order, size_t n, size_t wanted, const double* uniform) {
    for (size_t i = wanted; i-- > 0;) {
        size_t j = i + (size_t)(uniform[i] * (double)(n - i));
        size_t kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

/* An image, turned, as numbers from 0 to 1. */
static void copy_image(ks_real* to, const images* p, const uint8_t* from, int turns) {
    size_t n = p->side, last = n - 1, channels = p->channels;
    for (size_t r = 0; r < n; r++) {
        for (size_t c = 0; c < n; c++) {
            size_t row = turns == 0 ? r : turns == 1 ? c : turns == 2 ? last - r : last - c;
            size_t column = turns == 0 ? c : turns == 1 ? last - r : turns == 2 ? last - c : r;
            const uint8_t* pixel = from + (row * n + column) * channels;
            for (size_t k = 0; k < channels; k++) {
                *to++ = (ks_real)pixel[k] * (ks_real)(1.0 / 255);
            }
        }
    }
}

/* Images of one class of a task: the first of those that are drawn are the support's. */
static void draw_images(images* p, size_t task, size_t way, ks_stream stream, size_t number) {
    ks_images_class class = p->class[task * p->ways + way];
    size_t there = ks_image_set_num_images(p->set, p->split, class.number);
    size_t wanted = p->of[SUPPORT].each + p->of[QUERY].each;
    ks_stream_uniform(p->uniform, wanted, stream, (uint32_t)number, IMAGE_NUMBERS + (uint32_t)way, 0);
    choose(p->order, there, wanted, p->uniform);
    for (size_t i = 0; i < wanted; i++) {
        bool learns = i < p->of[SUPPORT].each;
        const examples* e = &p->of[learns ? SUPPORT : QUERY];
        size_t row = way * e->each + (learns ? i : i - p->of[SUPPORT].each);
        copy_image(e->x + (task * e->count + row) * p->inputs, p,
                   ks_image_set_image(p->set, p->split, class.number, p->order[i]), class.turns);
    }
    put_back(p->order, there, wanted, p->uniform);
}

static void draw_task(images* p, size_t task, ks_stream stream, size_t number) {
    size_t classes = num_classes(p, p->split);
    ks_stream_uniform(p->uniform, 2 * p->ways, stream, (uint32_t)number, CLASS_NUMBERS, 0);
    choose(p->order, classes, p->ways, p->uniform);
    for (size_t w = 0; w < p->ways; w++) {
        size_t n = p->order[w];
        int turns = p->settings.rotate ? (int)(TURNS * p->uniform[p->ways + w]) : 0;
        p->class[task * p->ways + w] =
            p->settings.rotated_classes ? (ks_images_class){n / TURNS, (int)(n % TURNS)} : (ks_images_class){n, turns};
    }
    put_back(p->order, classes, p->ways, p->uniform);
    for (size_t w = 0; w < p->ways; w++) {
        draw_images(p, task, w, stream, number);
    }
}

/* Images of all classes, each of any and turned by itself. */
static void draw_batch(images* p, size_t task, ks_stream stream, size_t number) {
    const examples* e = &p->of[QUERY];
    ks_stream_uniform(p->uniform, NUMBERS * e->count, stream, (uint32_t)number, CLASS_NUMBERS, 0);
    for (size_t n = 0; n < e->count; n++) {
        const double* u = p->uniform + NUMBERS * n;
        size_t label = (size_t)(u[0] * (double)p->labels);
        size_t class = p->settings.rotated_classes ? label / TURNS : label;
        int turns = p->settings.rotated_classes ? (int)(label % TURNS) : p->settings.rotate ? (int)(TURNS * u[2]) : 0;
        size_t image = (size_t)(u[1] * (double)ks_image_set_num_images(p->set, p->split, class));
        e->y[task * e->count + n] = (ks_real)label;
        copy_image(e->x + (task * e->count + n) * p->inputs, p, ks_image_set_image(p->set, p->split, class, image),
                   turns);
    }
}

static bool draw(ks_problem* problem, const ks_draw* d, ks_error* err) {
    static const ks_image_split SPLITS[] = {[KS_SPLIT_TRAIN] = KS_IMAGES_TRAIN,
                                            [KS_SPLIT_VALIDATION] = KS_IMAGES_VALIDATION,
                                            [KS_SPLIT_TEST] = KS_IMAGES_TEST};
    images* p = (images*)problem;
    p->split = p->base.adapts ? SPLITS[d->split] : KS_IMAGES_TRAIN;
    if (num_classes(p, p->split) < p->ways) {
        return ks_fail(err, KS_BAD_INPUT, "%s: it has no %s classes", p->settings.data, ks_image_split_names[p->split]);
    }
    ks_stream stream = d->split == KS_SPLIT_TRAIN ? ks_stream_make(d->seed, KS_RNG_TASK, d->iteration, 0)
                                                  : ks_stream_make(d->seed, KS_RNG_HELD_OUT, 0, (uint32_t)p->split);
    for (size_t i = 0; i < d->count; i++) {
        (p->base.adapts ? draw_task : draw_batch)(p, i, stream, d->first + i);
    }
    return true;
}

static ks_rows rows_of(const images* p, int set, size_t task) {
    const examples* e = &p->of[set];
    const ks_real* y = e->y + (p->base.adapts ? 0 : task * e->count);
    return (ks_rows){.n = e->count, .obs = e->x + task * e->count * p->inputs, .act = y};
}

/* Every inner step learns from the same images. */
static bool collect(ks_problem* problem, const ks_stage* stage, ks_task_rows* rows, ks_error* err) {
    const images* p = (const images*)problem;
    (void)err;
    for (size_t i = 0; i < stage->count; i++) {
        rows[i] = (ks_task_rows){.rows = rows_of(p, stage->judges ? QUERY : SUPPORT, i)};
        if (stage->judges && p->settings.norm == KS_INDUCTIVE && p->base.adapts) {
            ks_rows support = rows_of(p, SUPPORT, i);
            rows[i].rows.norm_obs = support.obs;
            rows[i].rows.norm_n = support.n;
        }
    }
    return true;
}

/* ---- looking at it ---------------------------------------------------------------------------------------------------------- */

const ks_image_set* ks_images_set(const ks_problem* problem) {
    return ((const images*)problem)->set;
}

ks_image_split ks_images_task_split(const ks_problem* problem) {
    return ((const images*)problem)->split;
}

ks_images_class ks_images_task_class(const ks_problem* problem, size_t task, size_t way) {
    const images* p = (const images*)problem;
    return p->class[task * p->ways + way];
}

static void task_text(const ks_problem* problem, size_t i, char* text, size_t room) {
    const images* p = (const images*)problem;
    size_t used = 0;
    *text = 0;
    for (size_t w = 0; p->base.adapts && w < p->ways && used < room; w++) {
        const char* name = ks_image_set_class_name(p->set, p->split, p->class[i * p->ways + w].number);
        int length = ks_snprintf(text + used, room - used, w ? " %s" : "%s", name);
        used += length > 0 ? (size_t)length : 0;
    }
}

/* As in the paper: 5 ways, 1 shot. The loss is a mean over 5 rows where the authors summed over classes: their step of 0.4 is 2. */
static const char* const INITIAL[] = {"iterations=60000",
                                      "tasks=32",
                                      "checkpoint_every=500",
                                      "validate_every=1000",
                                      "validation_tasks=200",
                                      "policy.network=conv4",
                                      "policy.batch_norm=shift",
                                      "policy.last_init_std=1",
                                      "inner.lr=2",
                                      NULL};

const ks_problem_kind ks_problem_images = {
    .name = "images",
    .summary = "few-shot classification of images",
    .metric = "accuracy",
    .higher_is_better = true,
    .has_validation = true,
    .validates_by_default = true,
    .settings_size = sizeof(ks_images_settings),
    .initial = INITIAL,
    .outer = "adam",
    .check = check,
    .create = create,
    .create_beside = create_beside,
    .set_folder = set_folder,
    .set_threads = set_threads,
    .keep = keep,
    .content = content,
    .content_is = "set of images (images.data)",
    .content_stays = true,
    .destroy = destroy,
    .shape = shape,
    .prepare = prepare,
    .draw = draw,
    .collect = collect,
    .task_text = task_text,
    .audit = ks_fewshot_audit,
};
