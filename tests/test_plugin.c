/* Environments from shared libraries. Without arguments: a def that makes no sense is refused by the name of its field. With a
 * library and perhaps a folder that its path is from: opens it as ks_env_open does, plays an episode, and says what it has seen;
 * or what was wrong, with the error's code. tests/test_plugin.py builds libraries for it. */
#include "env_support.h"

#include "envs/plugin_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- defs ---------------------------------------------------------------------------------------------------- */

static ks_env_def sound(void) {
    ks_env_def def = *ks_env_find("point", NULL);
    def.name = "mine";
    return def;
}

static ks_env_def with_physics(void) {
    ks_env_def def = *ks_env_find("half-cheetah-vel", NULL);
    def.name = "mine";
    return def;
}

static void refused(const ks_env_def* def, const char* mentions) {
    ks_error err = {0};
    if (ks_env_plugin_check(def, &err)) {
        fail_msg("it was taken, and '%s' is wrong", mentions);
    }
    assert_int_equal(err.code, KS_BAD_INPUT);
    if (!strstr(err.text, mentions)) {
        fail_msg("'%s' is not in '%s'", mentions, err.text);
    }
}

/* a field changed, and what must be said of it */
#define REFUSED(base, field, value, mentions) \
    do {                                      \
        ks_env_def changed = base();          \
        changed.field = (value);              \
        refused(&changed, mentions);          \
    } while (0)

static void texts_are_checked(void** unused) {
    (void)unused;
    static char longest[300];
    memset(longest, 'x', sizeof longest - 1);
    static const char* const names[] = {NULL,     "",      "two words", "a,b",       "a\nb", "ärger",
                                        "./mine", "/mine", "mine.so",   "mine.yaml", longest};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        REFUSED(sound, name, names[i], "its name must be");
    }
    REFUSED(sound, name, "ant-dir", "\"ant-dir\", which is that of an environment that ships");
    static const char* const lines[] = {NULL, "", "two\nlines", "\033[2J", longest};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        REFUSED(sound, summary, lines[i], "its summary must be");
        REFUSED(sound, task_summary, lines[i], "its task_summary must be");
    }
}

static void numbers_are_checked(void** unused) {
    (void)unused;
    REFUSED(sound, obs_dim, 0, "its obs_dim is 0, and must be 1 to");
    REFUSED(sound, obs_dim, 1 << 30, "its obs_dim is");
    REFUSED(sound, act_dim, -1, "its act_dim is -1");
    REFUSED(sound, act_dim, 0, "not none");
    REFUSED(sound, num_actions, 3, "not both");
    REFUSED(sound, num_actions, -3, "its num_actions is -3");
    REFUSED(sound, task_dim, 0, "its task_dim is 0, and must be 1 to 64");
    REFUSED(sound, task_dim, KS_TASK_MAX + 1, "its task_dim is 65");
    REFUSED(sound, horizon, 0, "its horizon is 0");
    REFUSED(sound, task_uniforms, KS_TASK_DRAWS + 1, "its task_uniforms is 129");
    REFUSED(sound, task_kinds, -2, "its task_kinds is -2");
    REFUSED(sound, reset_uniforms, -1, "its reset_uniforms is -1");
    REFUSED(sound, reset_normals, 1 << 30, "its reset_normals is");
    REFUSED(sound, dt, NAN, "its dt");
    REFUSED(sound, dt, -0.1, "its dt");
    ks_env_def kinds = sound();
    kinds.task_kinds = 2;
    kinds.task_uniforms = 0;
    refused(&kinds, "task_kinds are chosen by the first uniform");
    const ks_env_protocol silly = {0, 0.1, 0.1, 0.5};
    REFUSED(sound, protocol, &silly, "protocol");
    const ks_env_look outside = {.goal = KS_GOAL_PLACE, .goal_numbers = {1, 2}};
    const ks_env_look below = {.goal = KS_GOAL_VELOCITY, .goal_numbers = {-1}};
    REFUSED(sound, look, &outside, "number 2 of a task");
    REFUSED(sound, look, &below, "number -1 of a task");
}

static void task_numbers_are_checked(void** unused) {
    (void)unused;
    const ks_task_number good = {"goal", "m", {0, 1}, {0, 2}, 0};
    const struct {
        ks_task_number second;
        const char* mentions;
    } cases[] = {
        {{NULL, "m", {0, 1}, {0, 2}, 0}, "task_numbers[1] needs a name"},
        {{"", "m", {0, 1}, {0, 2}, 0}, "task_numbers[1] needs a name"},
        {{"goal", NULL, {0, 1}, {0, 2}, 0}, "task_numbers[1] needs a name and a unit"},
        {{"side", "", {1, 0}, {0, 2}, 0}, "task_numbers[1], side: trained and known"},
        {{"side", "", {0, 1}, {0, NAN}, 0}, "task_numbers[1], side: trained and known"},
        {{"side", "", {0, 3}, {0, 2}, 0}, "the first range within the second"},
        {{"side", "", {0, 1}, {0, 2}, -1}, "side: step must be"},
        {{"side", "", {0, 1}, {0, 2}, NAN}, "side: step must be"},
        {{"side", "", {0, 1}, {0, 2}, 1e-300}, "side: step must be"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const ks_task_number numbers[] = {good, cases[i].second};
        REFUSED(sound, task_numbers, numbers, cases[i].mentions);
    }
}

static void functions_are_checked(void** unused) {
    (void)unused;
    REFUSED(sound, sample_task, NULL, "no function sample_task");
    REFUSED(sound, create, NULL, "no function create");
    REFUSED(sound, destroy, NULL, "no function destroy");
    REFUSED(sound, reset, NULL, "no function reset");
    REFUSED(sound, step, NULL, "no function step");
    REFUSED(sound, close, ks_env_close, "a function close");
    REFUSED(with_physics, model_create, NULL, "model_create and model_destroy");
    REFUSED(with_physics, model_destroy, NULL, "model_create and model_destroy");
    REFUSED(with_physics, nq, 0, "nq, nv and get_physics");
    REFUSED(with_physics, nv, 0, "nq, nv and get_physics");
    REFUSED(with_physics, get_physics, NULL, "nq, nv and get_physics");
    REFUSED(with_physics, mujoco_model, NULL, "mujoco_model and mujoco_data");
    REFUSED(with_physics, mujoco_data, NULL, "mujoco_model and mujoco_data");
}

static void sense_is_taken(void** unused) {
    (void)unused;
    ks_env_def defs[] = {sound(), with_physics(), sound()};
    defs[2].task_numbers = NULL;
    defs[2].act_dim = 0;
    defs[2].num_actions = 2;
    defs[2].reward = NULL;
    for (size_t i = 0; i < sizeof defs / sizeof *defs; i++) {
        ks_error err = {0};
        assert_true(ks_env_plugin_check(&defs[i], &err));
    }
}

/* ---- a library ----------------------------------------------------------------------------------------------- */

static bool play(const ks_env_def* def, ks_error* err) {
    enum { MOST = 1000 };
    ks_env_model* model = ks_env_model_create(def, true, err);
    ks_env* env = model ? ks_env_create(model, err) : NULL;
    if (!env) {
        ks_env_model_destroy(model);
        return false;
    }
    static ks_real obs[MOST], act[MOST];
    noise_buffer buffer;
    double task[KS_TASK_MAX], sum = 0;
    uint64_t random = 3;
    int length = 0;
    def->sample_task(def, task, draw_noise(&buffer, &random));
    ks_env_set_task(env, task);
    ks_env_reset(env, draw_noise(&buffer, &random), obs);
    for (bool ended = false; !ended && length < def->horizon; length++) {
        draw_any_action(act, def, &random);
        ks_env_step_result result = ks_env_step(env, act, obs);
        sum += result.rew;
        ended = result.terminated;
        for (int i = 0; i < def->task_dim; i++) {
            ended = ended || obs[def->obs_dim + i] != (ks_real)task[i];
        }
    }
    printf("%s\n%s\n%d steps, return %s\n", def->name, def->path, length, isfinite(sum) ? "finite" : "not finite");
    ks_env_destroy(env);
    ks_env_model_destroy(model);
    return true;
}

static int open_and_play(const char* path, const char* folder) {
    ks_error err = {0};
    const ks_env_def* def = ks_env_open(path, folder, &err);
    bool ok = def && play(def, &err);
    ks_env_close(def);
    if (!ok) {
        printf("%s\n", err.text);
    }
    return ok ? 0 : (int)err.code;
}

int main(int argc, char** argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_checked),        cmocka_unit_test(numbers_are_checked),
        cmocka_unit_test(task_numbers_are_checked), cmocka_unit_test(functions_are_checked),
        cmocka_unit_test(sense_is_taken),
    };
    return argc > 1 ? open_and_play(argv[1], argc > 2 ? argv[2] : NULL) : cmocka_run_group_tests(tests, NULL, NULL);
}
