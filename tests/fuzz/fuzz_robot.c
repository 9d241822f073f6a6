/* Environments of files: envs/file_env.h, of a text for a fixed model. What opens can be reset and stepped, and says sizes that hold. */
#include "envs/env.h"
#include "envs/file_env.h"
#include "envs/mujoco_load.h"
#include "target.h"

#include <math.h>
#include <stdlib.h>

/* with something of everything that a text may name */
static const char MODEL[] =
    "<mujoco><option timestep='0.002'/><worldbody><geom name='floor' type='plane' size='9 9 1'/>"
    "<camera name='side' pos='0 -3 1'/><body name='torso' pos='0 0 1'><joint name='rootx' type='slide' axis='1 0 0'/>"
    "<joint name='rootz' type='slide' axis='0 0 1'/><joint name='rooty' axis='0 1 0'/>"
    "<geom name='torso' type='capsule' fromto='0 0 0 0 0 .3' size='.05'/><site name='imu'/>"
    "<body name='leg'><joint name='leg_joint' axis='0 1 0' range='-60 60'/>"
    "<geom name='leg' type='capsule' fromto='0 0 0 0 0 -.4' size='.04'/>"
    "<body name='foot' pos='0 0 -.4'><joint name='foot_joint' type='ball'/><geom name='foot' "
    "size='.05'/></body></body></body>"
    "</worldbody><tendon><fixed name='cord'><joint joint='leg_joint' coef='1'/></fixed></tendon>"
    "<actuator><motor name='hip' joint='leg_joint' ctrlrange='-1 1' gear='20'/><position name='cord' tendon='cord' "
    "kp='5'/></actuator>"
    "<sensor><accelerometer name='imu' site='imu'/></sensor>"
    "<keyframe><key name='home' qpos='0 0 0 0.1 1 0 0 0'/></keyframe></mujoco>";

mjModel* __wrap_ks_mujoco_load_file(const char* path, ks_error* err);

mjModel* __wrap_ks_mujoco_load_file(const char* path, ks_error* err) {
    static mjModel* model;
    (void)path;
    if (!model) {
        model = ks_mujoco_compile((const unsigned char*)MODEL, err);
    }
    mjModel* copy = model ? mj_copyModel(NULL, model) : NULL;
    if (!copy) {
        fuzz_finding("the model cannot be loaded");
    }
    return copy;
}

static double* numbers(int count, double value) {
    double* x = malloc(((size_t)count + 1) * sizeof *x);
    if (!x) {
        fuzz_finding("not enough memory");
    }
    for (int i = 0; i <= count; i++) {
        x[i] = value;
    }
    return x;
}

static void walk(const ks_env_def* def, ks_env* env) {
    double task[KS_TASK_MAX];
    double *draws = numbers(def->task_uniforms, 0.25), *uniform = numbers(def->reset_uniforms, 0.75);
    double *normal = numbers(def->reset_normals, -1), *size = numbers(def->obs_dim, 0);
    ks_real* obs =
        calloc((size_t)def->obs_dim, sizeof *obs); /* of exactly its length, so that writing beyond it is seen */
    ks_real* act = calloc((size_t)def->act_dim, sizeof *act);
    if (!obs || !act) {
        fuzz_finding("not enough memory");
    }
    def->sample_task(def, task, (ks_env_noise){draws, NULL});
    ks_env_set_task(env, task);
    ks_env_reset(env, (ks_env_noise){uniform, normal}, obs);
    for (int i = 0; i < 2 && def->dt < 0.1; i++) {
        act[0] = (ks_real)(i - 0.5);
        ks_env_step(env, act, obs);
    }
    def->obs_size(def, size);
    for (int i = 0; i < def->obs_dim; i++) {
        if (!(size[i] >= 0) || !isfinite(size[i])) {
            fuzz_finding("the size of an observation is no number");
        }
    }
    for (int i = 0; i < def->task_dim; i++) {
        const ks_task_number* n = &def->task_numbers[i];
        if (!(task[i] >= n->trained[0] && task[i] <= n->trained[1])) {
            fuzz_finding("a number of the task is drawn where it should not be");
        }
    }
    free(draws);
    free(uniform);
    free(normal);
    free(size);
    free(obs);
    free(act);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    ks_error err = {0};
    const ks_env_def* def = ks_file_env_open(fuzz_file(0, data, size), &err);
    fuzz_check(def != NULL, &err);
    if (!def) {
        return 0;
    }
    if (def->obs_dim < 1 || def->act_dim < 1 || def->task_dim < 1 || def->task_dim > KS_TASK_MAX || def->horizon < 1) {
        fuzz_finding("an environment of impossible sizes");
    }
    ks_env_model* model = ks_env_model_create(def, false, &err);
    ks_env* env = model ? ks_env_create(model, &err) : NULL;
    fuzz_check(env != NULL, &err);
    if (env) {
        walk(def, env);
    }
    ks_env_destroy(env);
    ks_env_model_destroy(model);
    ks_env_close(def);
    return 0;
}
