#include "cli/record.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

const char* const KS_SHOW_HELP =
    "  --task V[,V…]      the task's numbers, of a curve AMPLITUDE,PHASE (default: the first held-out task of "
    "--seed);\n"
    "                     of policies also NAME=V[,NAME=V…]: these alone, the others as that task has them;\n"
    "                     of images its number among those of --seed (default 0)\n"
    "  --steps K          gradient steps, 0 to 9 (default 3; of models that learn from examples 0 to 64, of curves "
    "10)\n"
    "  --lr A1[,A2…]      their step sizes (default: kept ones, or the environment's protocol)\n"
    "  -s KEY=VALUE       of models that learn from examples: a setting of the problem, as in -s sinusoid.shots=5\n"
    "  --data PATH        of images: where they are\n"
    "  --split SPLIT      of images: whose tasks, those of train, validation or test (default)\n"
    "  --seed N           of the task, start states, action noise, examples (default 1)\n"
    "  --label NAME       of the next policy in order\n"
    "  --best             of run directories, best.safetensors instead of policy.safetensors\n"
    "  -j THREADS         default: the number of cores; results do not depend on it\n"
    "Of policies alone:\n"
    "  --trajectories N   sampled for every gradient step (default: the environment's protocol, or 20)\n"
    "  --length T         timesteps to show (default: the policy's horizon)\n"
    "  --ghosts N         sampled trajectories to show beside, 0 to 20 (default 4; 20 where they are paths)\n"
    "  --deterministic    what is shown acts without noise (learning keeps it)\n"
    "  -e ENV             another environment than the policies' own\n";

enum { DEFAULT_STEPS = 3 };

ks_show ks_show_default(void) {
    return (ks_show){.steps = -1, .seed = 1, .split = KS_SPLIT_TEST, .ghosts = -1, .threads = ks_cli_cores()};
}

/* drawn with MuJoCo's letters, which are those of ASCII */
static bool take_label(ks_show* s, const char* value, ks_error* err) {
    size_t length = strlen(value);
    bool plain = length > 0 && length <= 40;
    for (size_t i = 0; i < length; i++) {
        plain = plain && value[i] >= ' ' && value[i] <= '~';
    }
    if (!plain) {
        return ks_fail(err, KS_BAD_INPUT, "--label: '%s' is not 1 to 40 letters of ASCII", value);
    }
    if (s->num_labels == KS_PLAY_MAX_ROWS) {
        return ks_fail(err, KS_BAD_INPUT, "--label: more than %d of them", KS_PLAY_MAX_ROWS);
    }
    s->labels[s->num_labels++] = value;
    return true;
}

/* Options that mean nothing to models that learn from examples. */
static bool policy_option(ks_show* s, int option, const char* value, ks_error* err) {
    switch (option) {
        case KS_SHOW_TRAJECTORIES:
            s->policy_option = "--trajectories";
            return ks_cli_int("--trajectories", value, 1, 1000, &s->trajectories, err);
        case KS_SHOW_LENGTH:
            s->policy_option = "--length";
            return ks_cli_int("--length", value, 1, 10000, &s->length, err);
        case KS_SHOW_GHOSTS:
            s->policy_option = "--ghosts";
            return ks_cli_int("--ghosts", value, 0, KS_PLAY_GHOSTS, &s->ghosts, err);
        case KS_SHOW_DETERMINISTIC:
            s->policy_option = "--deterministic";
            return s->deterministic = true;
        default:
            return false; /* ks_cli_option has said why */
    }
}

bool ks_show_option(ks_show* s, int option, const char* value, ks_error* err) {
    switch (option) {
        case KS_SHOW_TASK:
            s->task = value;
            return true;
        case KS_SHOW_STEPS:
            return ks_cli_int("--steps", value, 0, KS_EVAL_MAX_STEPS, &s->steps, err);
        case KS_SHOW_LR:
            s->lr = value;
            return true;
        case KS_SHOW_SEED:
            return ks_cli_int("--seed", value, 0, INT64_MAX, &s->seed, err);
        case KS_SHOW_LABEL:
            return take_label(s, value, err);
        case KS_SHOW_BEST:
            return s->best = true;
        case KS_SHOW_DATA:
            s->problem.data = value;
            return true;
        case KS_SHOW_SPLIT:
            s->images_option = "--split";
            return ks_examples_split(&s->split, value, err);
        case 'e':
            s->env = value;
            return true;
        case 's':
            return ks_problem_options_add(&s->problem, value, err);
        case 'j':
            return ks_cli_int("-j", value, 1, 1024, &s->threads, err);
        default:
            return policy_option(s, option, value, err);
    }
}

bool ks_show_size(int* width, int* height, const char* value, int min, int max, ks_error* err) {
    char end;
    return (sscanf(value, "%5dx%5d%c", width, height, &end) == 2 && *width >= min && *height >= min && *width <= max &&
            *height <= max) ||
           ks_fail(err, KS_BAD_INPUT, "--size: '%s' is not WIDTHxHEIGHT, each from %d to %d pixels", value, min, max);
}

bool ks_show_speed(double* speed, const char* value, ks_error* err) {
    size_t count;
    return ks_cli_numbers("--speed", value, 1, speed, &count, err) &&
           ((*speed >= 0.01 && *speed <= 100) ||
            ks_fail(err, KS_BAD_INPUT, "--speed: '%s' is not a number from 0.01 to 100", value));
}

static bool open_policies(ks_show* s, char** arguments, int count, ks_error* err) {
    if (count < 1 || count > KS_PLAY_MAX_ROWS) {
        return ks_fail(err, KS_BAD_INPUT,
                       count < 1 ? "POLICY is missing; --help explains" : "at most %d policies are shown together",
                       KS_PLAY_MAX_ROWS);
    }
    if (s->num_labels > count) {
        return ks_fail(err, KS_BAD_INPUT, "--label is given %d times for %d polic%s", s->num_labels, count,
                       count == 1 ? "y" : "ies");
    }
    for (int i = 0; i < count; i++) {
        if (!ks_cli_policy_open(&s->policies[i], arguments[i], s->best, s->env, err)) {
            return false;
        }
        s->count = i + 1;
        if (!ks_problem_options_apply(&s->problem, &s->policies[i], err) ||
            !ks_examples_take_head(&s->policies[i], (uint64_t)s->seed, err)) {
            return false;
        }
        ks_config_set_threads(&s->policies[i].config, (int)s->threads);
        if (s->policies[i].kind != s->policies[0].kind) {
            return ks_fail(err, KS_BAD_INPUT,
                           "%s is a model of problem: %s, and %.400s of problem: %s: they have no task in common",
                           s->policies[0].path, s->policies[0].kind->name, s->policies[i].path,
                           s->policies[i].kind->name);
        }
    }
    return true;
}

const char* ks_show_label(ks_show* s, int i) {
    const ks_policy_info* info = &s->policies[i].info;
    /* what a file says of its method may be anything */
    ks_text_to_ascii(s->own_labels[i], sizeof s->own_labels[i], info->iteration == 0 ? "random" : info->method);
    return i < s->num_labels ? s->labels[i] : s->own_labels[i];
}

static bool set_actor(ks_show* s, int i, ks_error* err) {
    const ks_cli_policy* p = &s->policies[i];
    ks_theatre_policy* a = &s->actors[i];
    *a = (ks_theatre_policy){.model = p->model, .policy = p->policy, .params = p->theta};
    a->sizes = ks_policy_info_sizes(&p->info);
    a->advantage = (ks_advantage_settings){.gamma = p->info.gamma, .gae_lambda = p->info.gae_lambda};
    ks_default_lr(a->lr, p->def, &p->info);
    s->caption.labels[i] = s->count == 1 && s->num_labels == 0 ? NULL : ks_show_label(s, i);
    return !s->lr || ks_cli_lr(s->lr, a->lr, err);
}

static bool open_actors(ks_show* s, ks_error* err) {
    if (s->images_option) {
        return ks_fail(err, KS_BAD_INPUT, "%s is for models of images, and %s is a policy", s->images_option,
                       s->policies[0].path);
    }
    s->steps = s->steps >= 0 ? s->steps : DEFAULT_STEPS;
    if (s->steps > KS_PLAY_MAX_STEPS) {
        return ks_fail(err, KS_BAD_INPUT, "--steps: policies are shown after 0 to %d gradient steps, not %lld",
                       KS_PLAY_MAX_STEPS, (long long)s->steps);
    }
    const ks_cli_policy* first = &s->policies[0];
    const ks_env_def* def = first->def;
    for (int i = 0; i < s->count; i++) {
        if (!set_actor(s, i, err)) {
            return false;
        }
    }
    size_t trajectories = s->trajectories ? (size_t)s->trajectories : ks_protocol_trajectories(def);
    s->settings = ks_theatre_settings_default();
    s->settings.max_steps = (int)s->steps;
    s->settings.max_trajectories = trajectories;
    s->settings.horizon = (size_t)first->info.horizon;
    s->settings.length = s->length ? (size_t)s->length : (size_t)first->info.horizon;
    s->settings.threads = (int)s->threads;
    s->request.steps = (int)s->steps;
    s->request.trajectories = trajectories;
    s->request.lr_factor = 1;
    s->request.seed = (uint64_t)s->seed;
    s->request.deterministic = s->deterministic;
    s->view = ks_view_default(first->model);
    s->view.ghosts = s->ghosts >= 0 ? (int)s->ghosts : s->view.ghosts;
    s->caption.title = def->name;
    s->caption.charts = true;
    return ks_cli_task(s->request.task, s->task, def, s->seed, err);
}

bool ks_show_check_options(const ks_show* s, ks_error* err) {
    const ks_cli_policy* first = &s->policies[0];
    if (s->policy_option) {
        return ks_fail(err, KS_BAD_INPUT, "%s is for policies, and %s is a model of problem: %s", s->policy_option,
                       first->path, first->kind->name);
    }
    return !s->images_option || s->kind == &ks_show_images ||
           ks_fail(err, KS_BAD_INPUT, "%s is for models of images, and %s is of problem: %s", s->images_option,
                   first->path, first->kind->name);
}

const ks_show_kind ks_show_policies = {
    .problem = &ks_problem_rl, .open = open_actors, .view = ks_view_policies, .record = ks_record_policies};

bool ks_show_open(ks_show* s, char** arguments, int count, ks_error* err) {
    static const ks_show_kind* const KINDS[] = {&ks_show_policies, &ks_show_curves, &ks_show_images};
    if (!open_policies(s, arguments, count, err)) {
        return false;
    }
    const ks_cli_policy* first = &s->policies[0];
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        if (KINDS[i]->problem == first->kind) {
            s->kind = KINDS[i];
            return s->kind->open(s, err);
        }
    }
    return ks_fail(err, KS_BAD_INPUT, "%s is a model of problem: %s, which nobody has drawn a picture for", first->path,
                   first->kind->name);
}

void ks_show_close(ks_show* s) {
    if (s->kind && s->kind->close) {
        s->kind->close(s);
    }
    for (int i = 0; i < s->count; i++) {
        ks_cli_policy_close(&s->policies[i]);
    }
    s->count = 0;
}
