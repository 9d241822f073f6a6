/* dynamics_support.h: what the tests of envs/dynamics.h share: models, one of which has an actuator of every type, and
 * a bench: an original, a copy that is changed, a world. */
#ifndef KS_TESTS_DYNAMICS_SUPPORT_H
#define KS_TESTS_DYNAMICS_SUPPORT_H

#include "env_support.h"
#include "envs/dynamics.h"
#include "envs/mujoco_load.h"
#include "envs/stable.h"

#include <mujoco/mjxmacro.h>
#include <string.h>

static const char TOY[] =
    "<mujoco model='toy'>"
    "  <option timestep='0.002' integrator='implicitfast' density='1.2'/>"
    "  <asset><mesh name='wedge' vertex='0 0 0  0.1 0 0  0 0.1 0  0 0 0.1'/></asset>"
    "  <worldbody>"
    "    <light pos='0 0 3'/>"
    "    <geom name='floor' type='plane' size='5 5 1'/>"
    "    <body name='base' pos='0 0 0.4'>"
    "      <freejoint name='root'/>"
    "      <geom name='base' type='box' size='0.2 0.15 0.05' mass='5'/>"
    "      <geom name='wedge' type='mesh' mesh='wedge' mass='0.1' pos='0 0 0.1'/>"
    "      <geom name='ghost' type='sphere' size='0.3' mass='0' contype='0' conaffinity='0'/>"
    "      <camera name='follow' mode='trackcom' pos='0 -2 1'/>"
    "      <site name='top' pos='0 0 0.05'/>"
    "      <body name='arm' pos='0.2 0 0'>"
    "        <joint name='shoulder' type='ball' damping='0.5' armature='0.01'/>"
    "        <geom name='arm' type='capsule' fromto='0 0 0 0.3 0 0' size='0.03' mass='1'/>"
    "        <body name='hand' pos='0.3 0 0'>"
    "          <joint name='elbow' axis='0 1 0' range='-90 90' damping='0.2' armature='0.02' frictionloss='0.1' "
    "stiffness='2'/>"
    "          <geom name='hand' type='capsule' fromto='0 0 0 0.2 0 0' size='0.025' mass='0.5'/>"
    "          <site name='tip' pos='0.2 0 0'/>"
    "        </body>"
    "      </body>"
    "      <body name='leg' pos='-0.15 0 -0.05'>"
    "        <joint name='hip' axis='0 1 0' range='-60 60' damping='1 0.1 0.01' armature='0.02' actuatorfrcrange='-12 "
    "12'/>"
    "        <joint name='slide' type='slide' axis='0 0 1' range='-0.1 0.1' damping='5' frictionloss='0.5'"
    "         actuatorfrcrange='-9 9'/>"
    "        <geom name='leg' type='capsule' fromto='0 0 0 0 0 -0.25' size='0.03' mass='1'/>"
    "        <site name='foot' pos='0 0 -0.25'/>"
    "      </body>"
    "    </body>"
    "    <body name='ball' pos='1 0 0.1'>"
    "      <freejoint name='ball'/>"
    "      <geom name='ball' type='sphere' size='0.1' mass='0.3' condim='6' friction='0.7 0.02 0.001'/>"
    "    </body>"
    "    <body name='free' pos='0 1 0.1' simple='false'>"
    "      <freejoint name='free'/>"
    "      <geom name='free' type='box' size='0.1 0.1 0.1' mass='2'/>"
    "    </body>"
    "    <body name='post' pos='0 2 0'><geom name='post' type='box' size='0.1 0.1 0.1' mass='2'/></body>"
    "  </worldbody>"
    "  <equality>"
    "    <weld body1='free' body2='world' solref='0.1 1'/>"
    "    <connect body1='ball' body2='base' anchor='0 0 0.1' active='false'/>"
    "  </equality>"
    "  <tendon>"
    "    <spatial name='string' stiffness='20 3' damping='0.5' springlength='0.1' limited='true' range='0 2' "
    "armature='0.01'"
    "     actuatorfrcrange='-2 2'>"
    "      <site site='top'/><site site='tip'/>"
    "    </spatial>"
    "    <fixed name='both'><joint joint='hip' coef='1'/><joint joint='elbow' coef='-1'/></fixed>"
    "  </tendon>"
    "  <actuator>"
    "    <position name='hip' joint='hip' kp='50' dampratio='1' ctrlrange='-1 1' forcerange='-15 15'/>"
    "    <motor name='elbow' joint='elbow' gear='8' ctrlrange='-1 1'/>"
    "    <velocity name='slide' joint='slide' kv='10'/>"
    "    <motor name='pull' tendon='string' gear='3' ctrlrange='-1 1'/>"
    "    <muscle name='muscle' tendon='both'/>"
    "    <orientation name='turn' joint='shoulder' kp='5' kv='0.5' input='quat' forcerange='0 2'/>"
    "    <pid name='pid' joint='elbow' kp='5' kv='0.1' ki='1'/>"
    "    <pid name='pid_ff' joint='elbow' kp='5' kv='0.1' input='pos ff'/>"
    "    <intvelocity name='integrated' joint='elbow' kp='3'/>"
    "    <damper name='damper' joint='elbow' kv='1' ctrlrange='0 1'/>"
    "    <cylinder name='cylinder' joint='slide' area='0.1' bias='1 0 0'/>"
    "    <motor name='thrust' site='foot' gear='0 0 1 0 0.5 0'/>"
    "    <dcmotor name='dc' joint='elbow' motorconst='0.05' resistance='1'/>"
    "    <adhesion name='stick' body='leg' ctrlrange='0 1' gain='3'/>"
    "  </actuator>"
    "</mujoco>";

/* a box on the floor, for what must be so in equilibrium */
static const char BOX[] =
    "<mujoco>"
    "  <option timestep='0.002'/>"
    "  <worldbody>"
    "    <geom name='floor' type='plane' size='50 50 1' friction='0.5'/>"
    "    <body name='box' pos='0 0 0.1'>"
    "      <freejoint/>"
    "      <geom name='box' type='box' size='0.1 0.1 0.1' mass='2' friction='0.5'/>"
    "    </body>"
    "  </worldbody>"
    "</mujoco>";

enum { MODELS = 4 };
static inline const char* model_text(int i) {
    const char* const texts[MODELS] = {TOY, (const char*)ks_stable_find("half_cheetah.xml")->text,
                                       (const char*)ks_stable_find("ant.xml")->text, BOX};
    return texts[i];
}

typedef struct bench {
    mjModel* original;
    mjModel* copy;
    mjData* d;
    int root;
} bench;

static inline bench open_bench(const char* xml) {
    ks_error err = {0};
    bench b = {.root = 1};
    b.original = ks_mujoco_compile((const unsigned char*)xml, &err);
    if (!b.original) {
        fail_msg("%s", err.text);
    }
    b.copy = ks_dynamics_copy_model(b.original, &err);
    assert_non_null(b.copy);
    b.d = ks_mujoco_make_data(b.original, &err);
    assert_non_null(b.d);
    return b;
}

static inline void close_bench(bench* b) {
    mj_deleteData(b->d);
    ks_dynamics_free_model(b->copy);
    mj_deleteModel(b->original);
}

static inline int id_of(const mjModel* m, mjtObj type, const char* name) {
    int id = mj_name2id(m, type, name);
    assert_true(id >= 0);
    return id;
}

/* a change of one object, or of the default ones */
static inline ks_dynamics* bind(const bench* b, const char* word, const char* object, ks_dynamics_mode mode) {
    ks_error err = {0};
    ks_dynamics* c = ks_dynamics_create(b->original, b->root, word, &object, object ? 1 : 0, mode, false, &err);
    if (!c) {
        fail_msg("%s", err.text);
    }
    return c;
}

static inline void apply(bench* b, const char* word, const char* object, ks_dynamics_mode mode, double number) {
    ks_dynamics* c = bind(b, word, object, mode);
    ks_dynamics_apply(b->copy, b->d, b->original, &c, 1, &number);
    ks_dynamics_destroy(c);
    mj_resetData(b->copy, b->d);
}

#undef MJ_M
#define MJ_M(n) m->n
/* the first array of two models that is not the same bytes; NULL if all are */
static inline const char* difference(const mjModel* m, const mjModel* other) {
    const char* found = NULL;
#define X(type, name, rows, columns)                                                             \
    if (memcmp(m->name, other->name, sizeof(type) * (size_t)m->rows * (size_t)(columns)) != 0) { \
        found = found ? found : #name;                                                           \
    }
    MJMODEL_POINTERS
#undef X
    return memcmp(&m->opt, &other->opt, sizeof m->opt) != 0      ? "opt"
           : memcmp(&m->stat, &other->stat, sizeof m->stat) != 0 ? "stat"
                                                                 : found;
}

static inline void assert_same(const mjModel* m, const mjModel* other, const char* what) {
    const char* found = difference(m, other);
    if (found) {
        fail_msg("%s: %s is not the same", what, found);
    }
}

/* ---- objects by name
 * -------------------------------------------------------------------------------------------------- */

static inline int body(const mjModel* m, const char* name) {
    return id_of(m, mjOBJ_BODY, name);
}

static inline int joint(const mjModel* m, const char* name) {
    return id_of(m, mjOBJ_JOINT, name);
}

static inline int dof(const mjModel* m, const char* name) {
    return m->jnt_dofadr[joint(m, name)];
}

static inline int geom(const mjModel* m, const char* name) {
    return id_of(m, mjOBJ_GEOM, name);
}

static inline int tendon(const mjModel* m, const char* name) {
    return id_of(m, mjOBJ_TENDON, name);
}

static inline int motor(const mjModel* m, const char* name) {
    return id_of(m, mjOBJ_ACTUATOR, name);
}

static inline double* gain(mjModel* m, const char* name) {
    return m->actuator_gainprm + mjNGAIN * motor(m, name);
}

static inline double* bias(mjModel* m, const char* name) {
    return m->actuator_biasprm + mjNBIAS * motor(m, name);
}

static inline double* limits(mjModel* m, const char* name) {
    return m->actuator_forcerange + 2 * motor(m, name);
}

static inline double* gear(mjModel* m, const char* name) {
    return m->actuator_gear + 6 * m->actuator_outadr[motor(m, name)];
}

/* ---- all words
 * ------------------------------------------------------------------------------------------------------- */

/* every word in every mode that it takes on a model, on all that it is for; where that is nothing, none */
typedef struct every {
    ks_dynamics* changes[256];
    ks_dynamics_mode modes[256];
    double numbers[4096];
    int count, num_numbers;
} every;

static inline void bind_every(every* all, const bench* b, bool each) {
    *all = (every){0};
    for (size_t k = 0; k < ks_dynamics_kind_count(); k++) {
        const ks_dynamics_kind* kind = ks_dynamics_kind_at(k);
        for (int mode = 0; mode < KS_DYNAMICS_MODES; mode++) {
            bool alone = kind->of == mjOBJ_UNKNOWN || strcmp(kind->name, "lost_motor") == 0;
            ks_dynamics* c = kind->modes & (1 << mode)
                                 ? ks_dynamics_create(b->original, b->root, kind->name, NULL, 0, (ks_dynamics_mode)mode,
                                                      each && !alone, NULL)
                                 : NULL;
            if (c) {
                all->modes[all->count] = (ks_dynamics_mode)mode;
                all->changes[all->count++] = c;
                all->num_numbers += ks_dynamics_count(c);
            }
        }
    }
    assert_true(all->num_numbers <= (int)(sizeof all->numbers / sizeof *all->numbers));
}

static inline void destroy_every(every* all) {
    for (int i = 0; i < all->count; i++) {
        ks_dynamics_destroy(all->changes[i]);
    }
}

static inline void draw_numbers(every* all, uint64_t* random) {
    int n = 0;
    for (int i = 0; i < all->count; i++) {
        double limits_of[2];
        double step = ks_dynamics_limits(limits_of, all->changes[i]);
        for (int k = 0; k < ks_dynamics_count(all->changes[i]); k++) {
            double x = all->modes[i] == KS_DYNAMICS_ADDED ? 0.1 * uniform(random) : 0.5 + uniform(random);
            x = fmax(limits_of[0], fmin(limits_of[1], x));
            all->numbers[n++] = step > 0 ? floor(x) : x;
        }
    }
}

#endif
