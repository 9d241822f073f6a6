/* The registry, the point, the appended task, refused actions, and the worked example of docs/environments.md. */
#include "env_support.h"

#include "envs/plugin_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const ks_env_def ks_env_corridor; /* examples/corridor.c */

/* ---- registry -------------------------------------------------------------------------------------------- */

static void registry_is_complete(void** unused) {
    (void)unused;
    static const struct {
        const char* name;
        int obs, act, choices, task, kinds, horizon;
        double dt;
    } expected[] = {
        {"point", 2, 2, 0, 2, 0, 100, 0},
        {"half-cheetah-vel", 20, 6, 0, 1, 0, 200, 0.01},
        {"half-cheetah-dir", 20, 6, 0, 1, 2, 200, 0.01},
        {"ant-vel", 125, 8, 0, 1, 0, 200, 0.02},
        {"ant-dir", 125, 8, 0, 1, 2, 200, 0.02},
        {"ant-goal", 125, 8, 0, 2, 0, 200, 0.02},
        {"gym/half-cheetah-vel", 20, 6, 0, 1, 0, 200, 0.05},
        {"gym/half-cheetah-dir", 20, 6, 0, 1, 2, 200, 0.05},
        {"gym/ant-vel", 125, 8, 0, 1, 0, 200, 0.05},
        {"gym/ant-dir", 125, 8, 0, 1, 2, 200, 0.05},
        {"gym/ant-goal", 125, 8, 0, 2, 0, 200, 0.05},
        {"bandit-2", 1, 0, 2, 2, 0, 10, 0},
        {"bandit-5", 1, 0, 5, 5, 0, 10, 0},
        {"bandit-10", 1, 0, 10, 10, 0, 10, 0},
        {"mdp", 10, 0, 5, 51, 0, 10, 0},
        {"grid", 25, 0, 5, 2, 21, 15, 0},
    };
    assert_int_equal(ks_env_count(), sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < ks_env_count(); i++) {
        const ks_env_def* def = ks_env_at(i);
        assert_string_equal(def->name, expected[i].name);
        assert_ptr_equal(ks_env_find(def->name, NULL), def);
        assert_true(def->summary && def->task_summary);
        assert_int_equal(def->obs_dim, expected[i].obs);
        assert_int_equal(def->act_dim, expected[i].act);
        assert_int_equal(def->num_actions, expected[i].choices);
        assert_int_equal(def->task_dim, expected[i].task);
        assert_int_equal(def->task_kinds, expected[i].kinds);
        assert_int_equal(def->horizon, expected[i].horizon);
        assert_true(def->dt == expected[i].dt);
    }
}

/* what ships is held to what plug-ins are */
static void defs_make_sense(void** unused) {
    (void)unused;
    for (size_t i = 0; i < ks_env_count(); i++) {
        ks_env_def def = *ks_env_at(i);
        ks_error err = {0};
        assert_false(ks_env_plugin_check(&def, &err)); /* whose name is taken */
        def.name = "other";
        if (!ks_env_plugin_check(&def, &err)) {
            fail_msg("%s: %s", ks_env_at(i)->name, err.text);
        }
    }
}

static void unknown_name_names_the_nearest(void** unused) {
    (void)unused;
    ks_error err = {0};
    assert_null(ks_env_find("half-cheeta-dir", &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_non_null(strstr(err.text, "\"half-cheeta-dir\""));
    assert_non_null(strstr(err.text, "nearest is \"half-cheetah-dir\""));

    assert_null(ks_env_find("gim/ant-goal", &err));
    assert_non_null(strstr(err.text, "nearest is \"gym/ant-goal\""));

    char name[5000];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = 0;
    assert_null(ks_env_find(name, &err));
    assert_null(ks_env_find("", &err));
    assert_non_null(strstr(err.text, "nearest is \"mdp\""));
}

/* ---- tasks ----------------------------------------------------------------------------------------------- */

static void tasks_follow_their_distribution(void** unused) {
    (void)unused;
    static const struct {
        const char* name;
        double low, high;
    } cases[] = {{"point", -0.5, 0.5},   {"half-cheetah-vel", 0, 2},     {"ant-vel", 0, 3},
                 {"ant-goal", -3, 3},    {"gym/half-cheetah-vel", 0, 2}, {"gym/ant-vel", 0, 3},
                 {"gym/ant-goal", -3, 3}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const ks_env_def* def = ks_env_find(cases[c].name, NULL);
        const double u[2] = {0.25, 0.75};
        double task[KS_TASK_MAX];
        def->sample_task(def, task, (ks_env_noise){.uniform = u});
        assert_int_equal(def->task_uniforms, def->task_dim);
        for (int i = 0; i < def->task_dim; i++) {
            assert_true(fabs(task[i] - (cases[c].low + u[i] * (cases[c].high - cases[c].low))) < 1e-15);
        }
    }
}

static void directions_are_two_kinds(void** unused) {
    (void)unused;
    static const double below[] = {0.49};
    static const double above[] = {0.51};
    for (size_t i = 0; i < ks_env_count(); i++) {
        const ks_env_def* def = ks_env_at(i);
        double task[KS_TASK_MAX];
        if (def->task_kinds != 2) {
            continue;
        }
        def->sample_task(def, task, (ks_env_noise){.uniform = below});
        assert_true(task[0] == -1);
        def->sample_task(def, task, (ks_env_noise){.uniform = above});
        assert_true(task[0] == 1);
    }
}

/* what training draws is known and trained, its ends are reached, and what the environment cannot mean is refused by name */
static void tasks_are_held_to_what_is_known(void** unused) {
    (void)unused;
    for (size_t e = 0; e <= ks_env_count(); e++) {
        const ks_env_def* def = e < ks_env_count() ? ks_env_at(e) : &ks_env_corridor;
        uint64_t random = 88172645463325252u;
        noise_buffer buffer;
        double task[KS_TASK_MAX], lowest[KS_TASK_MAX], highest[KS_TASK_MAX];
        ks_error err = {0};
        char text[KS_TASK_TEXT];
        assert_non_null(def->task_numbers);
        for (int k = 0; k < 1000; k++) {
            def->sample_task(def, task, draw_noise(&buffer, &random));
            assert_true(ks_env_check_task(def, task, &err) && ks_env_task_is_trained(def, task, text));
            for (int i = 0; i < def->task_dim; i++) {
                lowest[i] = k ? fmin(lowest[i], task[i]) : task[i];
                highest[i] = k ? fmax(highest[i], task[i]) : task[i];
            }
        }
        for (int i = 0; i < def->task_dim; i++) {
            const ks_task_number* n = &def->task_numbers[i];
            double width = n->trained[1] - n->trained[0];
            /* what is normal hardly comes to where it is cut off */
            double gap = (strcmp(def->name, "mdp") == 0 && i < 50 ? 0.3 : 0.02) * width;
            assert_true(lowest[i] - n->trained[0] < gap && n->trained[1] - highest[i] < gap);
            assert_true(n->known[0] <= n->trained[0] && n->trained[1] <= n->known[1]);
            static const double NONE[] = {NAN, INFINITY, -INFINITY, 1e39, -1e39, 1e30};
            for (size_t b = 0; b < sizeof NONE / sizeof NONE[0]; b++) {
                double bad[KS_TASK_MAX];
                memcpy(bad, task, sizeof bad);
                bad[i] = NONE[b];
                err = (ks_error){0};
                assert_false(ks_env_check_task(def, bad, &err));
                assert_int_equal(err.code, KS_BAD_INPUT);
                assert_non_null(strstr(err.text, def->name));
                assert_non_null(strstr(err.text, n->name));
            }
        }
    }
}

static void what_is_said_of_tasks(void** unused) {
    (void)unused;
    static const char* const directions[] = {"half-cheetah-dir", "ant-dir", "gym/half-cheetah-dir", "gym/ant-dir"};
    ks_error err = {0};
    char text[KS_TASK_TEXT];
    for (size_t e = 0; e < sizeof directions / sizeof directions[0]; e++) {
        const ks_env_def* def = ks_env_find(directions[e], NULL);
        static const double bad[] = {0, 0.5, -0.5, 2, -3, 1.0000001, -1.0000001};
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            err = (ks_error){0};
            assert_false(ks_env_check_task(def, &bad[i], &err));
            assert_non_null(strstr(err.text, "it must be -1 or 1"));
        }
    }
    const double fast = 5, backward = -1;
    const ks_env_def* vel = ks_env_find("half-cheetah-vel", NULL);
    assert_true(ks_env_check_task(vel, &fast, &err) && ks_env_check_task(vel, &backward, &err));
    assert_false(ks_env_task_is_trained(vel, &backward, NULL));
    assert_false(ks_env_task_is_trained(vel, &fast, text));
    assert_string_equal(text, "velocity 5 is outside of the training range, 0 to 2 m/s");
    ks_env_known_text(text, vel, 0);
    assert_string_equal(text, "-1000 to 1000 m/s");

    /* few values and many, and an environment that says nothing */
    static const ks_task_number gaits[] = {{"gait", "", {1, 3}, {1, 3}, 1}, {"load", "kg", {0, 5}, {0, 50}, 0.5}};
    ks_env_def def = *vel;
    def.task_dim = 2;
    def.task_numbers = gaits;
    ks_env_known_text(text, &def, 0);
    assert_string_equal(text, "1, 2 or 3");
    ks_env_known_text(text, &def, 1);
    assert_string_equal(text, "0, 0.5 … 50 kg");
    assert_true(ks_env_check_task(&def, (const double[]){2, 7.5}, &err));
    assert_false(ks_env_check_task(&def, (const double[]){2.5, 7.5}, &err));
    assert_false(ks_env_check_task(&def, (const double[]){2, 7.25}, &err));
    def.task_numbers = NULL;
    assert_true(ks_env_check_task(&def, (const double[]){-1e38, 0}, &err));
    assert_true(ks_env_task_is_trained(&def, (const double[]){-1e38, 0}, text));
    assert_false(ks_env_check_task(&def, (const double[]){0, 1e39}, &err));
    assert_non_null(strstr(err.text, "number 2"));
    assert_false(ks_env_check_task(&def, (const double[]){NAN, 0}, &err));
}

static void appended_task_ends_every_observation(void** unused) {
    (void)unused;
    for (size_t e = 0; e < ks_env_count(); e++) {
        const ks_env_def* def = ks_env_at(e);
        fixture plain = open_def(def, false);
        fixture oracle = open_def(def, true);
        const int n = def->obs_dim;
        ks_real obs[MAX_OBS];
        ks_real with_task[MAX_OBS];
        ks_real act[MAX_ACT];

        assert_int_equal(ks_env_model_obs_dim(plain.model), n);
        assert_int_equal(ks_env_model_obs_dim(oracle.model), n + def->task_dim);
        start(&plain, obs);
        start(&oracle, with_task);
        for (int t = 0; t < 3; t++) {
            assert_memory_equal(obs, with_task, (size_t)n * sizeof *obs);
            for (int i = 0; i < def->task_dim; i++) {
                assert_true(with_task[n + i] == (ks_real)oracle.task[i]);
                with_task[n + i] = 0;
            }
            draw_any_action(act, def, &plain.random);
            assert_true(ks_env_step(plain.env, act, obs).rew == ks_env_step(oracle.env, act, with_task).rew);
        }
        close_env(&plain);
        close_env(&oracle);
    }
}

/* ---- actions --------------------------------------------------------------------------------------------- */

static void bad_actions_do_not_touch_the_world(void** unused) {
    (void)unused;
    const ks_real bad[] = {(ks_real)NAN, (ks_real)INFINITY, (ks_real)-INFINITY};
    for (size_t e = 0; e < ks_env_count(); e++) {
        fixture f = open_def(ks_env_at(e), false);
        fixture twin = open_def(ks_env_at(e), false);
        ks_real obs[MAX_OBS];
        ks_real other[MAX_OBS];
        ks_real act[MAX_ACT] = {0};
        const int choices = f.def->num_actions;
        ks_real* last = act + (choices ? 0 : f.def->act_dim - 1);
        start(&f, obs);
        start(&twin, other);
        for (int i = 0; i < 3; i++) {
            *last = bad[i];
            assert_true(ks_env_step(f.env, act, obs).unstable);
        }
        for (int i = 0; choices && i < 2; i++) {
            *last = (ks_real)(i ? choices : -1);
            assert_true(ks_env_step(f.env, act, obs).unstable);
        }
        *last = choices ? 1 : 0.5;
        assert_true(ks_env_step(f.env, act, obs).rew == ks_env_step(twin.env, act, other).rew);
        assert_memory_equal(obs, other, (size_t)f.def->obs_dim * sizeof *obs);
        close_env(&f);
        close_env(&twin);
    }
}

/* an action beyond [-1, 1] is the action at the border, in motion and in cost */
static void actions_are_clipped(void** unused) {
    (void)unused;
    for (size_t e = 0; e < ks_env_count(); e++) {
        if (ks_env_at(e)->num_actions > 0) {
            continue;
        }
        fixture f = open_def(ks_env_at(e), false);
        fixture twin = open_def(ks_env_at(e), false);
        ks_real obs[MAX_OBS];
        ks_real other[MAX_OBS];
        ks_real wild[MAX_ACT];
        ks_real tame[MAX_ACT];
        for (int i = 0; i < MAX_ACT; i++) {
            wild[i] = i % 2 ? 7 : -30;
            tame[i] = i % 2 ? 1 : -1;
        }
        start(&f, obs);
        start(&twin, other);
        assert_true(ks_env_step(f.env, wild, obs).rew == ks_env_step(twin.env, tame, other).rew);
        assert_memory_equal(obs, other, (size_t)f.def->obs_dim * sizeof *obs);
        close_env(&f);
        close_env(&twin);
    }
}

/* ---- other tasks' rewards ----------------------------------------------------------------------------------- */

/* what a step is worth for another task is what a world of that task gives for the same step, where tasks differ in rewards alone */
static void reward_is_that_of_a_world_with_that_task(void** unused) {
    (void)unused;
    for (size_t e = 0; e < ks_env_count(); e++) {
        fixture f = open_def(ks_env_at(e), false);
        fixture twin = open_def(ks_env_at(e), false);
        const double u[KS_TASK_DRAWS] = {0.03, 0.81};
        const double z[KS_TASK_DRAWS] = {0};
        double task[KS_TASK_MAX];
        ks_real obs[MAX_OBS];
        ks_real act[MAX_ACT];
        if (!f.def->reward) {
            assert_non_null(f.def->set_task);
            close_env(&f);
            close_env(&twin);
            continue;
        }
        f.def->sample_task(f.def, task, (ks_env_noise){.uniform = u, .normal = z});
        ks_env_set_task(twin.env, task);
        start(&f, obs);
        start(&twin, obs);
        bool differ = false;
        for (int t = 0; t < (f.def->num_actions ? 1000 : 20);
             t++) { /* rewards of choices are the same most of the time */
            draw_any_action(act, f.def, &f.random);
            const double own = ks_env_step(f.env, act, obs).rew;
            const double other = ks_env_step(twin.env, act, obs).rew;
            assert_true(ks_env_reward(f.env, f.task) == own);
            assert_true(ks_env_reward(f.env, task) == other);
            assert_true(ks_env_reward(twin.env, f.task) == own);
            differ = differ || own != other;
        }
        assert_true(differ);
        close_env(&f);
        close_env(&twin);
    }
}

/* ---- contact forces --------------------------------------------------------------------------------------- */

static void ant_feels_the_floor(void** unused) {
    (void)unused;
    static const char* const ants[] = {"ant-vel", "gym/ant-vel"};
    for (int e = 0; e < 2; e++) {
        fixture f = open_env(ants[e]);
        ks_real obs[MAX_OBS];
        const ks_real act[MAX_ACT] = {0};
        double felt = 0;
        start(&f, obs);
        for (int t = 0; t < 100; t++) {
            ks_env_step(f.env, act, obs);
            for (int i = 0; i < 84; i++) {
                const double force = (double)obs[29 + i];
                assert_true(i >= 6 || force == 0); /* the world's row */
                assert_true(fabs(force) <= 1);
                felt += fabs(force);
            }
        }
        assert_true(felt > 10);
        close_env(&f);
    }
}

/* ---- point ----------------------------------------------------------------------------------------------- */

static void point_walks_to_its_goal(void** unused) {
    (void)unused;
    fixture f = open_env("point");
    const double goal[] = {0.25, -0.1};
    const ks_real first[] = {1, -5};
    const ks_real second[] = {(ks_real)1.495, 0};
    const ks_real third[] = {(ks_real)0.495, 0};
    ks_real obs[2];

    ks_env_set_task(f.env, goal);
    start(&f, obs);
    assert_true(obs[0] == 0 && obs[1] == 0);
    ks_env_step_result result = ks_env_step(f.env, first, obs);
    assert_true(fabs((double)obs[0] - 0.1) < 1e-7 && fabs((double)obs[1] + 0.1) < 1e-7);
    assert_true(fabs(result.rew + 0.15) < 1e-7 && !result.terminated);
    result = ks_env_step(f.env, second, obs);
    assert_true(fabs(result.rew + 0.05) < 1e-7 && !result.terminated);
    result = ks_env_step(f.env, third, obs);
    assert_true(fabs(result.rew + 0.0005) < 1e-7 && result.terminated);
    assert_null(ks_env_mujoco_data(f.env));
    assert_null(ks_env_model_mujoco(f.model));
    ks_env_get_physics(f.env, NULL, NULL);
    close_env(&f);
}

/* ---- the worked example ----------------------------------------------------------------------------------- */

static void corridor_pays_at_the_prize(void** unused) {
    (void)unused;
    for (int direction = -1; direction <= 1; direction += 2) {
        fixture f = open_def(&ks_env_corridor, true);
        const double task[] = {direction};
        const ks_real right[] = {1};
        const ks_real neither[] = {2};
        ks_real obs[2];
        ks_env_step_result result = {0};
        ks_env_set_task(f.env, task);
        start(&f, obs);
        assert_true(obs[0] == 0 && obs[1] == direction);
        assert_true(ks_env_step(f.env, neither, obs).unstable);
        for (int t = 0; t < 5; t++) {
            assert_false(result.terminated);
            result = ks_env_step(f.env, right, obs);
        }
        assert_true(result.terminated && result.rew == direction && obs[0] == 1);
        close_env(&f);
    }
}

static char* read_text(const char* path) {
    FILE* file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long size = ftell(file);
    rewind(file);
    char* text = calloc((size_t)size + 16, 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), size);
    fclose(file);
    return text;
}

/* docs/environments.md shows examples/corridor.c in full; the two must not drift apart */
static void docs_show_the_example(void** unused) {
    (void)unused;
    char* page = read_text(KS_SOURCE_DIR "/docs/environments.md");
    char* code = read_text(KS_SOURCE_DIR "/examples/corridor.c");
    const char* shown = strstr(page, "```c\n");
    assert_non_null(shown);
    shown += strlen("```c\n");
    assert_int_equal(strncmp(shown, code, strlen(code)), 0);
    assert_int_equal(strncmp(shown + strlen(code), "```\n", 4), 0);
    free(page);
    free(code);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registry_is_complete),
        cmocka_unit_test(defs_make_sense),
        cmocka_unit_test(unknown_name_names_the_nearest),
        cmocka_unit_test(tasks_follow_their_distribution),
        cmocka_unit_test(directions_are_two_kinds),
        cmocka_unit_test(tasks_are_held_to_what_is_known),
        cmocka_unit_test(what_is_said_of_tasks),
        cmocka_unit_test(appended_task_ends_every_observation),
        cmocka_unit_test(bad_actions_do_not_touch_the_world),
        cmocka_unit_test(actions_are_clipped),
        cmocka_unit_test(reward_is_that_of_a_world_with_that_task),
        cmocka_unit_test(ant_feels_the_floor),
        cmocka_unit_test(point_walks_to_its_goal),
        cmocka_unit_test(corridor_pays_at_the_prize),
        cmocka_unit_test(docs_show_the_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
