/* kshot check: an environment looked over, and tried with random actions. */
#include "base/clock.h"
#include "base/rng.h"
#include "cli/cli.h"
#include "cli/option_table.h"
#include "envs/file_env.h"
#include "envs/mujoco_names.h"

#include <cjson/cJSON.h>
#include <float.h>
#include <math.h>
#include <mujoco/mujoco.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_STEPS = 1000, DEFAULT_SECONDS = 5 };

typedef struct check_options {
    int64_t steps; /* 0: not said */
    int64_t seed;
    bool json;
} check_options;

/* what was seen of one number over all steps */
typedef struct seen {
    double low, high;
    bool finite;
} seen;

typedef struct findings {
    size_t steps, episodes;
    size_t ended, unstable; /* episodes that the environment ended, or in which the physics broke down */
    seen *obs, rew;
    int obs_dim;
    int contacts; /* at most */
    double seconds, sum;
} findings;

static void see(seen* s, double x) {
    s->finite = s->finite && isfinite(x);
    s->low = fmin(s->low, x);
    s->high = fmax(s->high, x);
}

/* ---- trying it ------------------------------------------------------------------------------------------------------------ */

typedef struct trial {
    const ks_env_def* def;
    ks_env* env;
    ks_real *obs, *act;
    double *uniform, *normal, *draw;
    int64_t seed;
} trial;

static void trial_free(trial* t) {
    ks_env_destroy(t->env);
    free(t->obs);
    free(t->act);
    free(t->uniform);
    free(t->normal);
    free(t->draw);
}

static bool trial_create(trial* t, const ks_env_model* model, int64_t seed, ks_error* err) {
    const ks_env_def* def = ks_env_model_def(model);
    size_t act = (size_t)(def->num_actions > 0 ? 1 : def->act_dim);
    *t = (trial){.def = def, .seed = seed};
    t->env = ks_env_create(model, err);
    t->obs = calloc((size_t)def->obs_dim, sizeof *t->obs);
    t->act = calloc(act, sizeof *t->act);
    t->uniform = calloc((size_t)def->reset_uniforms + 1, sizeof *t->uniform);
    t->normal = calloc((size_t)def->reset_normals + 1, sizeof *t->normal);
    t->draw = calloc(act, sizeof *t->draw);
    bool ok = t->env && t->obs && t->act && t->uniform && t->normal && t->draw;
    return ok || (t->env && ks_fail(err, KS_FAILED, "not enough memory"));
}

static void begin_episode(trial* t, uint32_t episode) {
    double task[KS_TASK_MAX];
    ks_stream resets = ks_stream_make((uint64_t)t->seed, KS_RNG_RESET, 0, 0);
    ks_draw_tasks(task, t->def, (uint64_t)t->seed, 0, episode, 1);
    ks_stream_uniform(t->uniform, (size_t)t->def->reset_uniforms, resets, episode, 0, 0);
    ks_stream_normal(t->normal, (size_t)t->def->reset_normals, resets, episode, 0, 1);
    ks_env_set_task(t->env, task);
    ks_env_reset(t->env, (ks_env_noise){t->uniform, t->normal}, t->obs);
}

static ks_env_step_result random_step(trial* t, uint32_t episode, uint32_t step) {
    const ks_env_def* def = t->def;
    size_t count = (size_t)(def->num_actions > 0 ? 1 : def->act_dim);
    ks_stream actions = ks_stream_make((uint64_t)t->seed, KS_RNG_ACTION, 0, 0);
    ks_stream_uniform(t->draw, count, actions, episode, 0, step);
    for (size_t i = 0; i < count; i++) {
        t->act[i] = (ks_real)(def->num_actions > 0 ? floor(t->draw[i] * def->num_actions) : 2 * t->draw[i] - 1);
    }
    return ks_env_step(t->env, t->act, t->obs);
}

static void note_step(findings* f, const trial* t, ks_env_step_result result) {
    const mjData* d = ks_env_mujoco_data(t->env);
    for (int i = 0; i < f->obs_dim; i++) {
        see(&f->obs[i], (double)t->obs[i]);
    }
    see(&f->rew, result.rew);
    f->sum += result.rew;
    f->contacts = d && (int)d->ncon > f->contacts ? (int)d->ncon : f->contacts;
}

/* at least one step, and no more than begin within so many seconds */
static void run_trial(findings* f, trial* t, size_t steps, double seconds) {
    double start = ks_clock();
    uint32_t in_episode = 0;
    for (size_t i = 0; i < steps && (i == 0 || ks_clock() - start < seconds); i++) {
        if (in_episode == 0) {
            begin_episode(t, (uint32_t)f->episodes++);
        }
        ks_env_step_result result = random_step(t, (uint32_t)f->episodes, in_episode++);
        f->steps++;
        if (result.unstable) {
            f->unstable++;
        } else {
            note_step(f, t, result);
        }
        f->ended += result.terminated && !result.unstable;
        if (result.terminated || result.unstable || in_episode == (uint32_t)t->def->horizon) {
            in_episode = 0;
        }
    }
    f->seconds = ks_clock() - start;
}

/* ---- what it is ------------------------------------------------------------------------------------------------------------- */

static void print_model(const mjModel* m, const ks_env_def* def) {
    char text[16];
    printf("model         %d bodies, %d joints (nq %d, nv %d), %d geoms, %d actuators, %.3g kg\n", (int)m->nbody - 1,
           (int)m->njnt, (int)m->nq, (int)m->nv, (int)m->ngeom, (int)m->nactuator, m->body_subtreemass[0]);
    printf("timing        %g s an action, %g s a physics step; %d steps an episode\n", def->dt, m->opt.timestep,
           def->horizon);
    const ks_file_env* f = ks_file_env_of(def);
    for (int i = 0; f && i < def->act_dim; i++) {
        const ks_file_action* a = &f->actions[i];
        printf("%-13s %-20s ctrl = %g + %g a\n", i ? "" : "actions",
               ks_mujoco_object_name(text, m, mjOBJ_ACTUATOR, a->actuator), a->center, a->scale);
    }
}

static void print_terms(const ks_file_env* f) {
    int at = 0;
    for (int i = 0; i < f->num_observations; i++) {
        const ks_file_observation* o = &f->observations[i];
        printf("%-13s %-20s %d to %d\n", i ? "" : "observations", o->name, at, at + o->size - 1);
        at += o->size;
    }
    for (int i = 0; i < f->num_rewards; i++) {
        printf("%-13s %-20s weight %g\n", i ? "" : "rewards", f->rewards[i].name, f->rewards[i].weight);
    }
    for (int i = 0; i < f->num_ends; i++) {
        printf("%-13s %s\n", i ? "" : "terminations", f->ends[i].name);
    }
}

static void print_def(const ks_env_def* def, const mjModel* m) {
    char known[KS_TASK_TEXT];
    printf("%s: %s\n", def->name, def->summary);
    if (m) {
        print_model(m, def);
    }
    if (ks_file_env_of(def)) {
        print_terms(ks_file_env_of(def));
    } else {
        printf("observations  %d numbers; actions: %d%s\n", def->obs_dim,
               def->num_actions > 0 ? def->num_actions : def->act_dim, def->num_actions > 0 ? " to choose from" : "");
    }
    for (int i = 0; def->task_numbers && i < def->task_dim; i++) {
        const ks_task_number* n = &def->task_numbers[i];
        ks_env_known_text(known, def, i);
        printf("%-13s %-20s drawn from %g to %g; can be %s\n", i ? "" : "task", n->name, n->trained[0], n->trained[1],
               known);
    }
}

/* ---- what was found ------------------------------------------------------------------------------------------------------- */

/* the term of a number of the observation */
static const char* term_of(const ks_env_def* def, int number) {
    const ks_file_env* f = ks_file_env_of(def);
    for (int i = 0; f && i < f->num_observations; i++) {
        number -= f->observations[i].size;
        if (number < 0) {
            return f->observations[i].name;
        }
    }
    return "";
}

static size_t counted_steps(const findings* f) {
    return f->steps - f->unstable;
}

static bool is_constant(const seen* s) {
    return s->finite && s->low == s->high;
}

static int count_problems(const findings* f) {
    int problems = (f->unstable > 0) + (counted_steps(f) > 0 && !f->rew.finite);
    for (int i = 0; i < f->obs_dim; i++) {
        problems += !f->obs[i].finite;
    }
    return problems;
}

static int count_constant(const findings* f) {
    int constant = 0;
    for (int i = 0; i < f->obs_dim; i++) {
        constant += is_constant(&f->obs[i]);
    }
    return constant;
}

static void print_broken(const findings* f, const ks_env_def* def) {
    for (int i = 0; i < f->obs_dim; i++) {
        if (!f->obs[i].finite) {
            printf("PROBLEM       observation %d %s was not finite\n", i, term_of(def, i));
        }
    }
}

/* in one line, the first of each term: "never changed: observation 11 (contact_forces), 40 (height); 9 of 52 numbers in all" */
static void print_constant(const findings* f, const ks_env_def* def) {
    const char* last = NULL;
    int constant = count_constant(f);
    for (int i = 0; i < f->obs_dim; i++) {
        if (is_constant(&f->obs[i]) && (!last || last != term_of(def, i))) {
            printf("%s%d (%s)", last ? ", " : "note          never changed: observation ", i, term_of(def, i));
            last = term_of(def, i);
        }
    }
    if (constant > 0) {
        printf("; %d of %d numbers in all\n", constant, f->obs_dim);
    }
}

static void print_findings(const findings* f, const ks_env_def* def) {
    size_t counted = counted_steps(f);
    int problems = count_problems(f);
    printf("\n%zu random steps in %zu episode%s, %zu of which the environment ended; %.3g thousand steps a second\n",
           f->steps, f->episodes, f->episodes == 1 ? "" : "s", f->ended, 1e-3 * (double)f->steps / f->seconds);
    if (counted > 0) {
        printf("reward        mean %.4g, from %.4g to %.4g a step\n", f->sum / (double)counted, f->rew.low,
               f->rew.high);
        print_broken(f, def);
        print_constant(f, def);
    }
    if (f->contacts > 0) {
        printf("contacts      at most %d at once\n", f->contacts);
    }
    if (f->unstable > 0) {
        printf("PROBLEM       the physics broke down %zu times: a smaller timestep, weaker motors or more damping\n",
               f->unstable);
    }
    if (counted > 0 && !f->rew.finite) {
        printf("PROBLEM       a reward was not finite\n");
    } else if (counted > 0 && is_constant(&f->rew)) {
        printf("note          the reward never changed\n");
    }
    if (f->episodes > 1 && f->ended == f->episodes && counted / f->episodes < 3) {
        printf("note          episodes last %.2g steps: do the terminations hold at the start?\n",
               (double)counted / (double)f->episodes);
    }
    printf(problems ? "%d problem%s\n" : "fine\n", problems, problems == 1 ? "" : "s");
}

static int print_json(const findings* f, const ks_env_def* def, ks_error* err) {
    cJSON* out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "env", def->name);
    cJSON_AddNumberToObject(out, "obs_dim", def->obs_dim);
    cJSON_AddNumberToObject(out, "act_dim", def->act_dim);
    cJSON_AddNumberToObject(out, "num_actions", def->num_actions);
    cJSON_AddNumberToObject(out, "task_dim", def->task_dim);
    cJSON_AddNumberToObject(out, "horizon", def->horizon);
    cJSON_AddNumberToObject(out, "dt", def->dt);
    cJSON_AddNumberToObject(out, "steps", (double)f->steps);
    cJSON_AddNumberToObject(out, "episodes", (double)f->episodes);
    cJSON_AddNumberToObject(out, "ended", (double)f->ended);
    cJSON_AddNumberToObject(out, "unstable", (double)f->unstable);
    cJSON_AddNumberToObject(out, "constant_observations", count_constant(f));
    cJSON_AddNumberToObject(out, "max_contacts", f->contacts);
    bool counted = counted_steps(f) > 0; /* else there are none: null */
    cJSON_AddNumberToObject(out, "reward_mean", counted ? f->sum / (double)counted_steps(f) : NAN);
    cJSON_AddNumberToObject(out, "reward_min", counted ? f->rew.low : NAN);
    cJSON_AddNumberToObject(out, "reward_max", counted ? f->rew.high : NAN);
    cJSON_AddNumberToObject(out, "steps_per_s", (double)f->steps / f->seconds);
    cJSON_AddNumberToObject(out, "problems", count_problems(f));
    return ks_cli_print_json(out, err);
}

/* ---- the command -------------------------------------------------------------------------------------------------------------- */

static int check(const ks_env_def* def, const check_options* o, ks_error* err) {
    const seen nothing = {DBL_MAX, -DBL_MAX, true};
    findings f = {.rew = nothing, .obs_dim = def->obs_dim};
    trial t = {0};
    ks_env_model* model = ks_env_model_create(def, false, err);
    f.obs = calloc((size_t)def->obs_dim, sizeof *f.obs);
    bool ok = model && (f.obs || ks_fail(err, KS_FAILED, "not enough memory")) && trial_create(&t, model, o->seed, err);
    int code = ok ? 0 : ks_cli_exit(false, err);
    if (ok) {
        for (int i = 0; i < f.obs_dim; i++) {
            f.obs[i] = nothing;
        }
        if (!o->json) {
            print_def(def, ks_env_model_mujoco(model));
        }
        run_trial(&f, &t, o->steps > 0 ? (size_t)o->steps : DEFAULT_STEPS, o->steps > 0 ? INFINITY : DEFAULT_SECONDS);
        int problems = count_problems(&f);
        code = o->json ? print_json(&f, def, err) : (print_findings(&f, def), 0);
        if (problems > 0 && code == 0) {
            fflush(stdout);
            ks_fail(err, KS_FAILED, "%s: %d problem%s", def->name, problems, problems == 1 ? "" : "s");
            code = KS_FAILED;
        }
    }
    trial_free(&t);
    free(f.obs);
    ks_env_model_destroy(model);
    return code;
}

static int run(const ks_command* self, int argc, char** argv, ks_error* err) {
    check_options o = {.seed = 1};
    int code = ks_command_read(&o, self, argc, argv, err);
    if (code != KS_COMMAND_GO) {
        return code;
    }
    const ks_env_def* def = ks_env_open(argv[optind], NULL, err);
    code = def ? check(def, &o, err) : ks_cli_exit(false, err);
    ks_env_close(def);
    return code;
}

static const ks_option OPTIONS[] = {
    {"steps", 0, "N", "random steps (default 1000, or what 5 s are enough for)",
     KS_OPTION_INT(check_options, steps, 1, 100000000)},
    {"seed", 0, "N", "of tasks, start states and actions (default 1)",
     KS_OPTION_INT(check_options, seed, 0, INT64_MAX)},
    {"json", 0, NULL, "the same as JSON", KS_OPTION_FLAG(check_options, json)},
    {0},
};

const ks_command ks_command_check = {
    .name = "check",
    .summary = "look an environment over, and try it with random actions",
    .usage = {"ENV [options]"},
    .about = {"Opens an environment, a name or a file, and says what it consists of: model, actions, observations, "
              "rewards, terminations, tasks. Then it takes random steps, each episode on a task of its own, and says "
              "what it found: physics that break down, observations that never change, rewards that are not finite, "
              "contacts, speed. Exit code 1 if something of it would spoil a training."},
    .groups = {{.rows = OPTIONS}},
    .arguments = {.name = "ENV", .least = 1, .most = 1, .completes = KS_COMPLETE_ENV},
    .examples = {{"kshot check my-robot.yaml", "the robot of a file of yours"}},
    .run = run,
};
