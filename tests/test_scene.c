/* Pictures of models that nobody has seen before: what they are made of is drawn, in its own colours and on its own floor, and
 * whatever their size and place, they are in the picture. With a folder as argument the pictures are written there. */
#include "base/number.h"
#include "envs/mujoco_load.h"
#include "viewer/film.h"
#include "viewer/task.h"
#include "viewer/video.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    WIDTH = 320,
    HEIGHT = 240,
    TOP = 60 /* rows of header and label */,
    FOOT = 16 /* and of what is read off */,
    STATES = 3,
    NO_HUE = -1
};

static const char* folder; /* for the pictures, or NULL */

/* ---- an environment of a model's text ---------------------------------------------------------------------------------------- */

typedef struct world {
    const char* xml;
} world;

static void* model_create(const ks_env_def* def, ks_error* err) {
    return ks_mujoco_compile((const unsigned char*)((const world*)def->config)->xml, err);
}

static void model_destroy(void* m) {
    mj_deleteModel(m);
}

static const void* mujoco_model(const void* m) {
    return m;
}

static void sample_task(const ks_env_def* def, double* task, ks_env_noise noise) {
    task[0] = noise.uniform[0];
    (void)def;
}

static void sample_task_from_last(const ks_env_def* def, double* task, ks_env_noise noise) {
    task[0] = noise.uniform[def->task_uniforms - 1];
}

/* Everything that pictures need; worlds are never made of it. */
static ks_env_def def_of(const world* w, const ks_env_look* look) {
    return (ks_env_def){.name = "stranger",
                        .obs_dim = 1,
                        .act_dim = 1,
                        .task_dim = 1,
                        .task_uniforms = 1,
                        .dt = 0.05,
                        .look = look,
                        .sample_task = sample_task,
                        .model_create = model_create,
                        .model_destroy = model_destroy,
                        .mujoco_model = mujoco_model,
                        .config = w};
}

/* ---- pictures ------------------------------------------------------------------------------------------------------------------ */

typedef struct picture {
    unsigned char rgb[HEIGHT][WIDTH][3];
    double place[3]; /* of the followed body, when it is over */
    ks_env_look look;
} picture;

/* From the first pose, moved along the first coordinate by `way` in the end. */
static ks_play* play_of(const ks_env_def* def, const mjModel* m, double way, size_t ghosts, ks_error* err) {
    ks_play_sizes sizes = {.rows = 1, .nq = (int)m->nq, .length = STATES - 1, .ghosts = 1, .ghost_len = STATES - 1};
    ks_play* play = ks_play_create(&sizes, err);
    assert_non_null(play);
    ks_act* act = &play->acts[0][0];
    play->def = def;
    play->dt = def->dt;
    play->rows = 1;
    play->task[0] = 1;
    act->length = STATES - 1;
    for (int i = 0; i < STATES; i++) {
        double* q = act->qpos + (size_t)i * (size_t)m->nq;
        memcpy(q, m->qpos0, (size_t)m->nq * sizeof *q);
        q[0] += way * i / (STATES - 1);
        memcpy(act->ghost_qpos + (size_t)i * (size_t)m->nq, q, (size_t)m->nq * sizeof *q);
    }
    act->num_ghosts = ghosts;
    act->ghost_start[1] = STATES;
    return play;
}

/* Its last moment. */
static void draw_to(picture* p, const char* name, const char* xml, const ks_env_look* look, double way, size_t ghosts,
                    double top) {
    ks_error err = {0};
    world w = {xml};
    ks_env_def def = def_of(&w, look);
    ks_env_model* model = ks_env_model_create(&def, false, &err);
    if (!model) {
        fail_msg("%s: %s", name, err.text);
    }
    const mjModel* m = ks_env_model_mujoco(model);
    ks_play* play = play_of(&def, m, way, ghosts, &err);
    ks_film* film = ks_film_create(model, WIDTH, HEIGHT, &err);
    if (!film) {
        fail_msg("%s: %s", name, err.text);
    }
    ks_view view = ks_view_default(model);
    play->top = top;
    ks_caption caption = {.title = name};
    const unsigned char* rgb = ks_film_frame(film, play, ks_play_duration(play), &view, &caption, &err);
    assert_non_null(rgb);
    memcpy(p->rgb, rgb, sizeof p->rgb);
    p->look = ks_look_of(&def, m);
    if (folder) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s.png", folder, name);
        assert_true(ks_png_write(path, true, WIDTH, HEIGHT, rgb, &err));
    }
    ks_film_destroy(film);
    ks_play_destroy(play);
    ks_env_model_destroy(model);
}

static void draw(picture* p, const char* name, const char* xml, const ks_env_look* look, double way, size_t ghosts) {
    draw_to(p, name, xml, look, way, ghosts, 0);
}

/* Degrees, 0 red, 120 green, 240 blue; NO_HUE where it is grey. */
static double hue(const unsigned char rgb[3]) {
    double r = rgb[0], g = rgb[1], b = rgb[2];
    double high = fmax(r, fmax(g, b)), low = fmin(r, fmin(g, b)), range = high - low;
    if (range < 40) {
        return NO_HUE;
    }
    double h = high == r ? (g - b) / range : high == g ? 2 + (b - r) / range : 4 + (r - g) / range;
    return fmod(60 * h + 360, 360);
}

/* Share of the picture that has this hue. */
static double share(const picture* p, double degrees) {
    size_t count = 0;
    for (int y = TOP; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            double h = hue(p->rgb[y][x]), off = fabs(h - degrees);
            count += h >= 0 && fmin(off, 360 - off) < 20;
        }
    }
    return (double)count / ((HEIGHT - TOP) * WIDTH);
}

enum { RED = 0, YELLOW = 60, GREEN = 120, CYAN = 180, BLUE = 240, PURPLE = 300 };

static void expect(const picture* p, const char* what, double degrees, double least, double most) {
    double found = share(p, degrees);
    if (found < least || found > most) {
        fail_msg("%s: %.2f %% of the picture, not %g to %g", what, 100 * found, 100 * least, 100 * most);
    }
}

/* ---- what they are made of ----------------------------------------------------------------------------------------------------- */

#define PYRAMID "vertex='-1 -1 0 1 -1 0 1 1 0 -1 1 0 0 0 1.5' face='0 2 1 0 3 2 0 1 4 1 2 4 2 3 4 3 0 4'"

static const char ROBOT[] =
    "<mujoco><asset>"
    "<texture name='sky' type='skybox' builtin='flat' rgb1='0.9 0.8 0.1' width='8' height='48'/>"
    "<texture name='grass' type='2d' builtin='flat' rgb1='0.1 0.7 0.1' width='8' height='8'/>"
    "<texture name='paint' type='cube' builtin='checker' rgb1='0.9 0.05 0.05' rgb2='0.05 0.05 0.9' width='32' "
    "height='32'/>"
    "<material name='grass' texture='grass'/><material name='paint' texture='paint'/>"
    "<mesh name='body' scale='0.2 0.2 0.2' " PYRAMID
    "/>"
    "</asset><worldbody><geom type='plane' size='0 0 1' material='grass'/>"
    "<body pos='0 0 0.1'><freejoint/><geom type='mesh' mesh='body' material='paint'/></body></worldbody></mujoco>";

static void meshes_and_materials(void** state) {
    (void)state;
    picture p;
    draw(&p, "mesh", ROBOT, NULL, 0, 0);
    expect(&p, "the red of its texture", RED, 0.01, 0.4);
    expect(&p, "the blue of its texture", BLUE, 0.01, 0.4);
    expect(&p, "its own floor", GREEN, 0.3, 0.95);
    ks_env_look low = {.azimuth = 90, .elevation = -5, .distance = 2, .height = 0.4};
    draw(&p, "sky", ROBOT, &low, 0, 0);
    expect(&p, "its own sky", YELLOW, 0.2, 0.7);
}

static const char PLAIN[] =
    "<mujoco><worldbody><geom type='plane' size='5 5 1' pos='0 0 -0.3' rgba='0.9 0.45 0 1'/>"
    "<geom type='box' size='.1 .1 .3' pos='0.7 0.5 0' rgba='0.9 0.1 0.9 1'/>"
    "<body><freejoint/><geom type='sphere' size='0.3' rgba='0.1 0.9 0.1 1'/></body></worldbody></mujoco>";

static void simple_shapes_have_the_colour_of_their_steps(void** state) {
    (void)state;
    picture p;
    draw(&p, "plain", PLAIN, NULL, 0, 0);
    expect(&p, "its own green", GREEN, 0, 0);
    expect(&p, "its floor, in whose place the stage's lies", 30, 0, 0);
    expect(&p, "what stands in its world", PURPLE, 0.01, 0.2);
    /* the stage's floor lies where its own would: the ball touches it, and covers its foot */
    ks_env_look level = {.azimuth = 90, .elevation = -1, .distance = 2, .height = 0};
    draw(&p, "plain-level", PLAIN, &level, 0, 0);
    unsigned char* below = p.rgb[HEIGHT - 4][20];
    assert_true(below[0] > 150 && abs(below[0] - below[2]) < 40); /* floor */
}

/* Its textures, materials and planes have the first numbers, and the stage's come behind them. */
static const char ON_STAGE[] =
    "<mujoco><asset><texture name='red' type='2d' builtin='flat' rgb1='0.9 0.1 0.1' width='8' height='8'/>"
    "<material name='red' texture='red'/></asset><worldbody>"
    "<geom type='plane' size='0.2 0.2 1'/><geom type='plane' size='0.2 0.2 1' pos='0 0 -3' euler='180 0 0'/>"
    "<body pos='0 0 0.3'><freejoint/><geom type='box' size='0.3 0.3 0.3' material='red'/></body></worldbody></mujoco>";

static void the_stage_keeps_its_own(void** state) {
    (void)state;
    picture p;
    ks_env_look above = {.azimuth = 72, .elevation = -60, .distance = 3, .track = true};
    draw(&p, "on-stage", ON_STAGE, &above, 0, 0);
    expect(&p, "the red of the actor", RED, 0.03, 0.3);
    int low = 255, high = 0;
    for (int x = 0; x < WIDTH; x++) {
        unsigned char* at = p.rgb[HEIGHT - FOOT - 8][x];
        low = at[1] < low ? at[1] : low;
        high = at[1] > high ? at[1] : high;
        assert_in_range(at[2] - at[0] + 5, 0,
                        25); /* neither the actor's red nor the sky's blue: the floor has no end */
    }
    assert_in_range(high - low, 6, 80); /* light and dark squares */
}

static const char TERRAIN[] =
    "<mujoco><asset><hfield name='hills' nrow='4' ncol='4' size='3 3 1 0.1' elevation='0 0 0 0 0 1 0 0 0 0 0 0 0 0 0 "
    "0'/>"
    "</asset><worldbody><geom type='hfield' hfield='hills' rgba='0.9 0.1 0.1 1'/>"
    "<body pos='0 0 1'><freejoint/><geom size='0.4'/></body></worldbody></mujoco>";

static void height_fields(void** state) {
    (void)state;
    picture p;
    draw(&p, "hfield", TERRAIN, NULL, 0, 0);
    expect(&p, "hills", RED, 0.3, 0.98);
}

/* a strip of two squares, each with a front and a back */
#define STRIP "vertex='-0.3 -0.3 0.5 -0.3 0.3 0.5 0.3 -0.3 0.5 0.3 0.3 0.5 0.9 -0.3 0.5 0.9 0.3 0.5'"

static const char SNAKE[] =
    "<mujoco><worldbody>"
    "<body name='a' pos='0 0 0.5'><freejoint/><geom group='3' size='0.1 0.3' type='capsule' euler='0 90 0'/>"
    "<body name='b' pos='0.6 0 0'><joint axis='0 1 0'/><geom group='3' size='0.1 0.3' type='capsule' euler='0 90 "
    "0'/></body>"
    "</body></worldbody><deformable><skin rgba='0.9 0.1 0.9 1' inflate='0.01' " STRIP
    " face='0 2 1 1 2 3 2 4 3 3 4 5'>"
    "<bone body='a' bindpos='0 0 0.5' bindquat='1 0 0 0' vertid='0 1 2 3' vertweight='1 1 1 1'/>"
    "<bone body='b' bindpos='0.6 0 0.5' bindquat='1 0 0 0' vertid='4 5' vertweight='1 "
    "1'/></skin></deformable></mujoco>";

static void skins(void** state) {
    (void)state;
    picture here, there;
    draw(&here, "skin", SNAKE, NULL, 0, 0);
    expect(&here, "its skin", PURPLE, 0.03, 0.5);
    draw(&there, "skin-moved", SNAKE, NULL, 5, 0); /* the camera goes along */
    expect(&there, "its skin where it has gone", PURPLE, 0.03, 0.5);
    draw(&there, "skin", SNAKE, NULL, 0, 1);
    assert_memory_equal(here.rgb, there.rgb, sizeof here.rgb); /* a ghost has none */
}

static const char CLOTH[] =
    "<mujoco><worldbody><flexcomp name='cloth' type='grid' count='4 4 1' spacing='0.2 0.2 0.2' dim='2' pos='0 0 0.5' "
    "mass='1' "
    "radius='0.02' rgba='0.1 0.1 0.9 1'/>"
    "<body pos='0 0 1'><freejoint/><geom size='0.1'/></body></worldbody></mujoco>";

static void flexes(void** state) {
    (void)state;
    picture p;
    draw(&p, "flex", CLOTH, NULL, 0, 0);
    expect(&p, "cloth", BLUE, 0.02, 0.6);
}

static const char PULLED[] =
    "<mujoco><worldbody><site name='up' pos='0 0 2'/><body pos='0 0 0.5'><freejoint/><geom size='0.1'/><site "
    "name='at'/></body>"
    "</worldbody><tendon><spatial width='0.03' rgba='0.1 0.9 0.1 1'><site site='up'/><site "
    "site='at'/></spatial></tendon></mujoco>";

static void tendons(void** state) {
    (void)state;
    picture p;
    ks_env_look look = {.distance = 6, .height = 1, .azimuth = 90, .elevation = -5, .track = true};
    draw(&p, "tendon", PULLED, &look, 0, 0);
    /* of simple shapes as it is, it has the colour of its steps, which is grey: it parts the sky */
    int parted = 0;
    for (int x = WIDTH / 2 - 10; x < WIDTH / 2 + 10; x++) {
        const unsigned char *a = p.rgb[HEIGHT / 2 + 20][x], *b = p.rgb[HEIGHT / 2 + 20][x - 12];
        parted += a[0] + 30 < b[0];
    }
    assert_in_range(parted, 2, 10);
}

/* ---- what is seen of it ------------------------------------------------------------------------------------------------------------- */

static const char RUNNER[] =
    "<mujoco><asset><material name='red' rgba='0.9 0.1 0.1 1'/></asset><worldbody><geom type='plane' size='0 0 1'/>"
    "<body pos='0 0 0.2'><joint type='slide' axis='1 0 0'/><joint type='slide' axis='0 0 1'/>"
    "<geom type='box' size='0.5 0.1 0.1' material='red'/>"
    "<geom type='box' size='0.05 0.1 0.1' pos='0.4 0 %s' material='red'/></body></worldbody></mujoco>";

/* The row of the topmost red pixel. */
static int topmost(const picture* p) {
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            double h = hue(p->rgb[y][x]);
            if (h >= 0 && (h < 15 || h > 345)) {
                return y;
            }
        }
    }
    return HEIGHT;
}

/* Who rears is not cut off by the title: the play knows how high it comes. */
static void all_of_it_is_seen(void** state) {
    (void)state;
    picture p;
    char xml[sizeof RUNNER + 8];
    ks_env_look look = {
        .azimuth = 90, .elevation = -11, .distance = 2.7, .height = 0.3, .size = 1, .track = true, .planar = true};
    int title = (int)(0.75 * (22 + 24)); /* rows of the header and of the pane's title */
    ks_snprintf(xml, sizeof xml, RUNNER, "1.3");
    draw(&p, "rears", xml, &look, 0, 0);
    assert_true(topmost(&p) > HEIGHT / 2); /* its head is above the picture, or this would show nothing */
    draw_to(&p, "rears-seen", xml, &look, 0, 0, 1.3);
    assert_in_range(topmost(&p), title + 3, HEIGHT / 2);
}

/* Pixels of the floor that are as white as paint. */
static size_t painted(const picture* p) {
    size_t count = 0;
    for (int y = HEIGHT * 2 / 3; y < HEIGHT - FOOT - 2; y++) {
        for (int x = 0; x < WIDTH; x++) {
            const unsigned char* at = p->rgb[y][x];
            count += at[0] > 222 && at[1] > 222 && at[2] > 222;
        }
    }
    return count;
}

/* There are lines every metre, far from the start too, and they do not go along. */
static void lines_show_that_it_moves(void** state) {
    (void)state;
    picture far, on;
    char xml[sizeof RUNNER + 8];
    ks_env_look look = {
        .azimuth = 90, .elevation = -11, .distance = 2.7, .height = 0.3, .size = 1, .track = true, .planar = true};
    ks_snprintf(xml, sizeof xml, RUNNER, "0");
    draw(&far, "lines", xml, &look, 20, 0);
    draw(&on, "lines-on", xml, &look, 20.4, 0);
    assert_in_range(painted(&far), 40, 4000);
    int moved = 0;
    for (int x = 0; x < WIDTH; x++) {
        moved += abs(far.rgb[HEIGHT * 5 / 6][x][0] - on.rgb[HEIGHT * 5 / 6][x][0]) > 30;
    }
    assert_true(moved > 4);
}

/* ---- ghosts ------------------------------------------------------------------------------------------------------------------------ */

static void ghosts_are_pale(void** state) {
    (void)state;
    picture without, with;
    draw(&without, "alone", ROBOT, NULL, 0, 0);
    draw(&with, "ghost", ROBOT, NULL, 0, 1);
    assert_memory_not_equal(without.rgb, with.rgb, sizeof with.rgb);
    expect(&with, "what the ghost is in front of", RED, 0.005, 0.4);
}

/* ---- size and place ------------------------------------------------------------------------------------------------------------------ */

/* A red box on wheels in the world, so large and so far away. */
static void write_cart(char* xml, size_t room, double size, double x, const char* joint) {
    ks_snprintf(xml, room,
                "<mujoco><asset><material name='red' rgba='0.9 0.05 0.05 1'/></asset><worldbody>"
                "<body pos='%g 0 %g'>%s<geom type='box' size='%g %g %g' material='red'/></body></worldbody></mujoco>",
                x, size / 2, joint, size / 2, size / 4, size / 2);
}

static void any_size_fills_the_picture(void** state) {
    (void)state;
    static const double SIZES[] = {0.01, 0.1, 1, 10, 100};
    static const char* const JOINTS[] = {
        "<freejoint/>", "<joint type='slide' axis='1 0 0'/>",
        "<joint type='slide' axis='1 0 0'/><joint type='slide' axis='0 0 1'/><joint axis='0 1 0'/>",
        "<joint axis='0 0 1' limited='true' range='-10 10'/>"};
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        for (size_t j = 0; j < sizeof JOINTS / sizeof *JOINTS; j++) {
            char xml[1000], name[64];
            picture p;
            write_cart(xml, sizeof xml, SIZES[i], j == 3 ? 5 * SIZES[i] : 0, JOINTS[j]);
            ks_snprintf(name, sizeof name, "size-%g-%zu", SIZES[i], j);
            draw(&p, name, xml, NULL, j == 3 ? 0 : 30 * SIZES[i], 0); /* it goes far */
            expect(&p, name, RED, 0.05, 0.6);
        }
    }
}

static void the_shape_says_how_it_moves(void** state) {
    (void)state;
    picture p;
    char xml[1000];
    write_cart(xml, sizeof xml, 1, 0,
               "<joint type='slide' axis='1 0 0'/><joint type='slide' axis='0 0 1'/><joint axis='0 1 0'/>");
    draw(&p, "planar", xml, NULL, 0, 0);
    assert_true(p.look.planar && p.look.track && p.look.body == 1);
    write_cart(xml, sizeof xml, 1, 0, "<joint type='slide' axis='1 0 0' limited='true' range='-1 1'/>");
    draw(&p, "rail", xml, NULL, 0, 0);
    assert_false(p.look.planar || p.look.track);
    write_cart(xml, sizeof xml, 1, 0, "<freejoint/>");
    draw(&p, "free", xml, NULL, 0, 0);
    assert_true(p.look.track && !p.look.planar);
    ks_env_look still = {.still = true}; /* track: none */
    draw(&p, "still", xml, &still, 0, 0);
    assert_false(p.look.track);
    ks_env_look own = {.goal = KS_GOAL_VELOCITY}; /* says nothing of the camera */
    draw(&p, "goal", xml, &own, 0, 0);
    assert_true(p.look.track && p.look.distance > 1 && p.look.size > 0.9 && p.look.goal == KS_GOAL_VELOCITY);
    expect(&p, "its marker", 146, 0.005, 0.2);
}

static const char PAIR[] =
    "<mujoco><asset><material name='red' rgba='0.9 0.05 0.05 1'/><material name='blue' rgba='0.05 0.05 0.9 "
    "1'/></asset><worldbody>"
    "<body pos='0 0 0.5'><freejoint/><geom size='0.5' material='red'/></body>"
    "<body pos='9 0 0.5'><freejoint/><geom size='0.5' material='blue'/></body></worldbody></mujoco>";

static void the_camera_follows_the_body_that_the_look_names(void** state) {
    (void)state;
    picture p;
    ks_env_look look = {.distance = 3, .height = 0.5, .azimuth = 90, .elevation = -20, .track = true};
    draw(&p, "first", PAIR, &look, 0, 0);
    expect(&p, "the first body", RED, 0.05, 0.5);
    expect(&p, "the second body", BLUE, 0, 0);
    look.body = 2;
    draw(&p, "second", PAIR, &look, 0, 0);
    expect(&p, "the first body", RED, 0, 0);
    expect(&p, "the second body", BLUE, 0.05, 0.5);
}

/* Hanging from a hinge at the origin, without a floor in its world. */
static const char PENDULUM[] =
    "<mujoco><asset><material name='red' rgba='0.9 0.05 0.05 1'/></asset><worldbody>"
    "<body><joint axis='0 1 0'/><geom type='capsule' fromto='0 0 0 0 0 -1' size='0.1' "
    "material='red'/></body></worldbody></mujoco>";

static void a_floor_is_below_what_hangs(void** state) {
    (void)state;
    picture p;
    draw(&p, "pendulum", PENDULUM, NULL, 0, 0);
    expect(&p, "all of it", RED, 0.02, 0.4);
}

/* ---- tasks in words and numbers -------------------------------------------------------------------------------------------------- */

static void expect_text(const ks_env_def* def, const double* task, int most, const char* expected) {
    char text[256];
    ks_task_text(text, sizeof text, def, task, most);
    assert_string_equal(text, expected);
}

static void tasks_are_told_in_a_line(void** state) {
    (void)state;
    static const ks_task_number NUMBERS[] = {
        {"load", "kg", {0, 8}, {0, 100}, 0},    {"side", "", {-1, 1}, {-1, 1}, 2},
        {"always", "m", {2, 2}, {0, 10}, 0},    {"gravity", "m/s\u00b2", {-12, -7}, {-100, 0}, 0},
        {"friction", "", {0.5, 2}, {0, 10}, 0}, {"gait", "", {1, 7}, {1, 7}, 3}};
    const double task[] = {5.328, -1, 2, -9.81, 0.75, 4};
    world w = {PLAIN};
    ks_env_look look = {.goal = KS_GOAL_DIRECTION, .goal_numbers = {1}};
    ks_env_def def = def_of(&w, &look);
    def.task_dim = 6;
    def.task_numbers = NUMBERS;
    expect_text(&def, task, 3, "go backward; load 5.328 kg, gravity -9.81 m/s^2, friction 0.75, ... (6 numbers)");
    expect_text(&def, task, 9, "go backward; load 5.328 kg, gravity -9.81 m/s^2, friction 0.75, gait 4");
    expect_text(&def, task, 0, "go backward; 6 numbers");
    assert_int_equal(ks_task_first(&def), 1);
    def.look = NULL;
    expect_text(&def, task, 2, "load 5.328 kg, side -1, ... (6 numbers)");
    assert_int_equal(ks_task_first(&def), 0);
    double range[2];
    assert_false(ks_task_range(range, &def, 2)); /* there is nothing to choose */
    assert_true(ks_task_range(range, &def, 3) && range[0] == -12 && range[1] == -7);
    assert_true(ks_task_nearest(&def, 5, 5.4) == 4 && ks_task_nearest(&def, 5, 5.6) == 7);
    def.task_numbers = NULL;
    expect_text(&def, task, 2, "task 5.328, -1, ... (6 numbers)");
    def.task_dim = 1;
    assert_true(ks_task_range(range, &def, 0) && range[0] < 0.01 && range[1] > 0.99); /* as they are drawn */
    def.task_uniforms = KS_TASK_DRAWS;
    def.sample_task = sample_task_from_last;
    assert_true(ks_task_range(range, &def, 0) && range[0] < 0.01 && range[1] > 0.99);
}

static void environments_that_ship_say_what_they_are_about(void** state) {
    (void)state;
    static const struct {
        const char* name;
        ks_env_goal goal;
    } EXPECTED[] = {{"point", KS_GOAL_PLACE},
                    {"half-cheetah-vel", KS_GOAL_VELOCITY},
                    {"half-cheetah-dir", KS_GOAL_DIRECTION},
                    {"ant-vel", KS_GOAL_VELOCITY},
                    {"ant-dir", KS_GOAL_DIRECTION},
                    {"ant-goal", KS_GOAL_PLACE},
                    {"gym/ant-goal", KS_GOAL_PLACE},
                    {"gym/half-cheetah-dir", KS_GOAL_DIRECTION}};
    for (size_t i = 0; i < sizeof EXPECTED / sizeof *EXPECTED; i++) {
        ks_error err = {0};
        const ks_env_def* def = ks_env_find(EXPECTED[i].name, &err);
        assert_non_null(def);
        assert_int_equal(ks_env_goal_of(def), EXPECTED[i].goal);
        assert_int_equal(ks_env_is_plane(def), strcmp(def->name, "point") == 0);
        for (int k = 0; k < 2 && EXPECTED[i].goal == KS_GOAL_PLACE; k++) {
            assert_int_equal(def->look->goal_numbers[k], k);
        }
    }
}

int main(int argc, char** argv) {
    folder = argc > 1 ? argv[1] : NULL;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meshes_and_materials),
        cmocka_unit_test(simple_shapes_have_the_colour_of_their_steps),
        cmocka_unit_test(the_stage_keeps_its_own),
        cmocka_unit_test(height_fields),
        cmocka_unit_test(skins),
        cmocka_unit_test(flexes),
        cmocka_unit_test(tendons),
        cmocka_unit_test(all_of_it_is_seen),
        cmocka_unit_test(lines_show_that_it_moves),
        cmocka_unit_test(ghosts_are_pale),
        cmocka_unit_test(any_size_fills_the_picture),
        cmocka_unit_test(the_shape_says_how_it_moves),
        cmocka_unit_test(the_camera_follows_the_body_that_the_look_names),
        cmocka_unit_test(a_floor_is_below_what_hangs),
        cmocka_unit_test(tasks_are_told_in_a_line),
        cmocka_unit_test(environments_that_ship_say_what_they_are_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
