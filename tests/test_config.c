/* the config's one table: what is read, what is refused and how, and that what is saved reads back exactly */
#include "run/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* a config file with this text, read onto the defaults */
static bool read_text(ks_config* config, const char* text, ks_error* err) {
    char path[] = "/tmp/kshot_config.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    size_t length = strlen(text);
    assert_true(write(fd, text, length) == (ssize_t)length);
    close(fd);
    ks_config_default(config);
    memset(err, 0, sizeof *err);
    bool ok = ks_config_read(config, path, err);
    unlink(path);
    /* the path is another every time: leave it out of the text */
    size_t prefix = strlen(path);
    if (!ok && strncmp(err->text, path, prefix) == 0) {
        memmove(err->text, err->text + prefix, strlen(err->text + prefix) + 1);
    }
    return ok;
}

static void test_defaults(void** state) {
    (void)state;
    ks_config c;
    ks_error err;
    const char* const empty[] = {"", "# nothing\n", "---\n", "{}\n", "policy: {}\n"};
    ks_config want;
    ks_config_default(&want);
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        assert_true(read_text(&c, empty[i], &err));
        assert_null(ks_config_difference(&c, &want));
    }
    assert_int_equal(c.tasks, 40);
    assert_int_equal(c.rl.trajectories, 20);
    assert_int_equal(c.policy.num_hidden, 2);
    assert_true(c.policy.log_std_min == -13.815510557964274);
    assert_true(c.trpo.step.cg_damping == 1e-5);
    assert_true(ks_config_check(&c, &err));
}

static void test_reading(void** state) {
    (void)state;
    ks_config c;
    ks_error err;
    assert_true(read_text(&c,
                          "env: half-cheetah-vel\nmethod: pretrain\nseed: 9223372036854775807\niterations: 0\n"
                          "policy:\n  hidden: [64, 32, 16]\n  activation: tanh\n  log_std_init: -0.5\n"
                          "inner: {steps: 3, lr: &a 1.0e-2, first_order: true}\ntrpo:\n  max_kl: *a\n",
                          &err));
    assert_string_equal(c.rl.env, "half-cheetah-vel");
    assert_int_equal(c.method, KS_PRETRAIN);
    assert_true(c.seed == INT64_MAX);
    assert_int_equal(c.iterations, 0);
    assert_int_equal(c.policy.num_hidden, 3);
    assert_int_equal(c.policy.hidden[2], 16);
    assert_int_equal(c.policy.activation, KS_TANH);
    assert_int_equal(c.inner.steps, 3);
    assert_true(c.inner.first_order);
    assert_true(c.inner.lr == 0.01 && c.trpo.step.max_kl == 0.01); /* an anchor serves twice */
    assert_int_equal(c.tasks, 40);                                 /* what is not named keeps its value */
    assert_true(read_text(&c, "policy:\n  hidden: []\n", &err));
    assert_int_equal(c.policy.num_hidden, 0);
}

typedef struct refusal {
    const char* text;
    const char* says; /* after the file's name */
} refusal;

static const refusal REFUSALS[] = {
    {"seed: 1\ntrpo:\n  maxkl: 1\n", ":3: trpo.maxkl: unknown key; did you mean trpo.max_kl?"},
    {"itertaions: 5\n", ":1: itertaions: unknown key; did you mean iterations?"},
    {"max_kl: .1\n", ":1: max_kl: unknown key; did you mean trpo.max_kl?"},
    {"trpo.max_kl: .1\n\n\nx: 1\n", ":4: x: unknown key"}, /* a dotted key is the same key */
    {"policy:\n  policy: {hidden: [1]}\n", ":2: policy.policy: unknown key"},
    {"policy: 5\n", ":1: policy: is a section"},
    {"iterations: 1.5\n", ":1: iterations: '1.5' is not a whole number"},
    {"iterations: many\n", ":1: iterations: 'many' is not a whole number"},
    {"iterations: 1e2\n", ":1: iterations: '1e2' is not a whole number"},
    {"iterations: \"5\"\n", ":1: iterations: '5' in quotes"},
    {"iterations:\n", ":1: iterations: '' is not a whole number"},
    {"iterations: [5]\n", ":1: iterations: takes a single value"},
    {"iterations: -1\n", ":1: iterations: -1 is out of range; it must be from 0 to 1000000000"},
    {"seed: 9223372036854775808\n",
     ":1: seed: 9223372036854775808 is out of range; it must be from 0 to 9223372036854775807"},
    {"seed: -1\n", ":1: seed: -1 is out of range"},
    {"gamma: 0.9x\n", ":1: gamma: '0.9x' is not a number"},
    {"gamma: nan\n", ":1: gamma: 'nan' is not a number"},
    {"gamma: .inf\n", ":1: gamma: '.inf' is not a number"},
    {"gamma: 1e999\n", ":1: gamma: 1e999 is out of range; it must be from 0 to 1"},
    {"inner: {lr: 1e-999}\n", ":1: inner.lr: 1e-999 is out of range"},
    {"gamma: 1e\n", ":1: gamma: '1e' is not a number"},
    {"gamma: e5\n", ":1: gamma: 'e5' is not a number"},
    {"env: \"point\\0s\"\n", ":1: env: has a zero byte"},
    {"\"seed\\0s\": 3\n", ":1: a key has a zero byte"},
    {"policy: {hidden: [\"4\\0\"]}\n", ":1: policy.hidden: has a zero byte"},
    {"policy: {hidden: {a: 4}}\n", ":1: policy.hidden: takes a list"},
    {"policy:\n  <<: {hidden: [4]}\n", ":2: merge keys (<<)"},
    {"gamma: 0x1\n", ":1: gamma: '0x1' is not a number"},
    {"gamma: 1.01\n", ":1: gamma: 1.01 is out of range; it must be from 0 to 1"},
    {"tasks: 0\n", ":1: tasks: 0 is out of range"},
    {"inner:\n  first_order: yes\n", ":2: inner.first_order: 'yes' is not true or false"},
    {"method: mamml\n", ":1: method: 'mamml' is not one of maml|pretrain|oracle"},
    {"env: half-cheetah-dri\n", ":1: env: "},
    {"policy:\n  hidden: 100\n", ":2: policy.hidden: '100' is not a list"},
    {"policy:\n  hidden: [100, 0]\n", ":2: policy.hidden: '0' is not a width"},
    {"policy:\n  hidden: [[1]]\n", ":2: policy.hidden: 'a list' is not a width"},
    {"policy:\n  hidden: [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]\n", ":2: policy.hidden: more than 16 layers"},
    {"seed: 1\nseed: 2\n", ":2: seed: stands twice"},
    {"inner: {lr: .1}\ninner: {lr: .2}\n", ":2: inner.lr: stands twice"},
    {"- seed\n", ":1: a config is a list of `key: value` lines"},
    {"seed\n", ":1: a config is a list of `key: value` lines"},
    {"[1]: 2\n", ":1: a key must be a name"},
    {"seed: 1\n---\nseed: 2\n", ":2: one YAML document is wanted"},
    {"seed: 1\ngamma: [1\n", ":3: not YAML: "},
    {"seed: *nobody\n", ":1: not YAML: "},
    {"\tseed: 1\n", ":1: column 1 is a tab; YAML indents with spaces"},
    {"env: point\ninner:\n\tlr: 0.05\n", ":3: column 1 is a tab; YAML indents with spaces"},
    {"inner:\n  lr: 0.05\n  \tsteps: 2\n", ":3: column 3 is a tab"},
    {"env: point\nseed:\xc2\xa0"
     "3\n",
     ":2: column 6 is a no-break space"},
    {"env: point\nseed: 3\xc2\xa0\n", ":2: column 8 is a no-break space"},
    {"env: point\r\xc2\xa0seed: 3\r", ":2: column 1 is a no-break space"},
    {"# it\u2019s\ngamma: \u22120.5 # it\u2019s\n", ":2: column 8 is a minus sign"},
    {"env: \u201cpoint\u201d\n", ":1: column 6 is a curly quotation mark"},
    {"env: point # \xe4\n", ":1: byte 0xe4 is not UTF-8"},
    {"seed: 1\nseed: [{a: [{a: [{a: [{a: [{a: [{a: [{a: [{a: [{\n",
     ":2: more than 16 lists or sections within each other"},
    {"a: [&a 1,&b 1,&c 1,&d 1,&e 1,&f 1,&g 1,&h 1,&i 1,\n&j 1,&k 1,&l 1,&m 1,&n 1,&o 1,&p 1,&q 1]\n",
     ":2: more than 16 anchors"},
};

static void test_refusals(void** state) {
    (void)state;
    for (size_t i = 0; i < sizeof REFUSALS / sizeof *REFUSALS; i++) {
        ks_config c, before;
        ks_error err;
        ks_config_default(&before);
        if (read_text(&c, REFUSALS[i].text, &err)) {
            fail_msg("accepted: %s", REFUSALS[i].text);
        }
        assert_int_equal(err.code, KS_BAD_INPUT);
        if (strncmp(err.text, REFUSALS[i].says, strlen(REFUSALS[i].says)) != 0) {
            fail_msg("%s\nsays: %s\nnot:  %s", REFUSALS[i].text, err.text, REFUSALS[i].says);
        }
        assert_null(strchr(err.text, '\n'));
        assert_null(ks_config_difference(&c, &before)); /* nothing was taken over */
    }
    ks_config c;
    ks_error err;
    assert_false(read_text(&c, "env: half-cheetah-dri\n", &err));
    assert_non_null(strstr(err.text, "half-cheetah-dir"));
    assert_false(ks_config_read(&c, "/nowhere/at/all.yaml", &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_non_null(strstr(err.text, "/nowhere/at/all.yaml"));
    assert_false(ks_config_read(&c, "/tmp", &err)); /* a directory */
    assert_int_equal(err.code, KS_BAD_INPUT);
}

/* texts on which libyaml alone works for minutes, and one that no config is as long as */
static void test_large(void** state) {
    (void)state;
    static const char* const pieces[] = {"{a: ", "[", "- ", "? ", "&a [", "*a ", "'a': {", "\n ", "--- "};
    enum { MOST = (1 << 20) - 8 };
    char* text = malloc(MOST + 16);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        size_t length = 0;
        while (length + strlen(pieces[i]) < MOST) {
            length += (size_t)snprintf(text + length, 16, "%s", pieces[i]);
        }
        ks_config c;
        ks_error err;
        bool ok = read_text(&c, text, &err); /* in time: under the sanitizers as well */
        assert_true(ok == (strcmp(pieces[i], "\n ") == 0));
    }
    memset(text, ' ', MOST + 15);
    text[MOST + 15] = 0;
    ks_config c;
    ks_error err;
    assert_false(read_text(&c, text, &err));
    assert_non_null(strstr(err.text, "longer than 1048576 bytes"));
    free(text);
}

static void test_booleans(void** state) {
    (void)state;
    static const char* const yes[] = {"true", "True", "TRUE"};
    static const char* const no[] = {"false", "False", "FALSE"};
    static const char* const neither[] = {"tRUE", "yes", "on", "1", "\"true\"", "True x"};
    ks_config c;
    ks_error err = {0};
    char text[64];
    ks_config_default(&c);
    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "inner:\n  first_order: %s\n", yes[i]);
        assert_true(read_text(&c, text, &err) && c.inner.first_order);
        snprintf(text, sizeof text, "inner.first_order=%s", no[i]);
        assert_true(ks_config_set(&c, text, &err) && !c.inner.first_order);
        snprintf(text, sizeof text, "policy.scale_inputs=%s", yes[i]);
        assert_true(ks_config_set(&c, text, &err) && c.policy.scale_inputs);
    }
    for (size_t i = 0; i < sizeof neither / sizeof *neither; i++) {
        snprintf(text, sizeof text, "inner.first_order=%s", neither[i]);
        assert_false(ks_config_set(&c, text, &err));
    }
}

/* as other programs save them */
static void test_other_programs(void** state) {
    (void)state;
    ks_config c;
    ks_error err;
    static const char* const texts[] = {
        "\xef\xbb\xbfgamma: 0.5\r\ninner:\r\n  steps: 2\r\n\r\n\r\n",
        "gamma: 0.5\rinner:\r  steps: 2",
        "# caf\xc3\xa9\xc2\xa0\n\ngamma:\t0.5\t# a tab between is YAML\n\t\n \t # so is this\ninner: {steps: 2}\n\n\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!read_text(&c, texts[i], &err)) {
            fail_msg("%zu: %s", i, err.text);
        }
        assert_true(c.rl.gamma == 0.5 && c.inner.steps == 2);
    }
}

static void test_set(void** state) {
    (void)state;
    ks_config c;
    ks_error err = {0};
    ks_config_default(&c);
    assert_true(ks_config_set(&c, "trpo.max_kl=0.02", &err));
    assert_true(ks_config_set(&c, "policy.hidden=[64,64,64]", &err));
    assert_true(ks_config_set(&c, "env=ant-dir", &err));
    assert_true(ks_config_set(&c, "inner={lr: 0.3, steps: 2}", &err));
    assert_true(c.trpo.step.max_kl == 0.02 && c.policy.num_hidden == 3 && c.inner.lr == 0.3 && c.inner.steps == 2);
    assert_string_equal(c.rl.env, "ant-dir");
    const refusal bad[] = {
        {"trpo.max_kl", "-s trpo.max_kl: write it as KEY=VALUE"},
        {"=3", "-s =3: write it as KEY=VALUE"},
        {"trpo.maxkl=1", "-s trpo.maxkl=1: trpo.maxkl: unknown key; did you mean trpo.max_kl?"},
        {"seed=", "-s seed=: seed: has no value"},
        {"seed=x", "-s seed=x: seed: 'x' is not a whole number"},
        {"seed=3, tasks: 4", "-s seed=3, tasks: 4: "}, /* one key at a time */
        {"seed=3\n---\ngamma: 0", "-s seed=3 --- gamma: 0: "},
        {"policy.hidden=[1", "-s policy.hidden=[1: policy.hidden: not YAML"},
        {"seed=\xc2\xa0"
         "3",
         "-s seed=\xc2\xa0"
         "3: seed: column 1 of the value is a no-break space"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ks_config before = c;
        assert_false(ks_config_set(&c, bad[i].text, &err));
        assert_int_equal(err.code, KS_BAD_INPUT);
        if (strncmp(err.text, bad[i].says, strlen(bad[i].says)) != 0) {
            fail_msg("says: %s\nnot:  %s", err.text, bad[i].says);
        }
        assert_memory_equal(&c, &before, sizeof c);
    }
}

/* but for which of them somebody has set, and what is in no table */
static void assert_same_values(const ks_config* a, const ks_config* b) {
    assert_null(ks_config_difference(a, b));
    assert_int_equal(a->iterations, b->iterations);
    assert_int_equal(a->checkpoint_every, b->checkpoint_every);
}

/* every field with a value of its own, and numbers of 17 digits, come back bit for bit; and what differs is named, but for what may
 * change on resume */
static void check_round_trip(const char* const* settings) {
    char path[] = "/tmp/kshot_config.XXXXXX";
    close(mkstemp(path));
    ks_error err = {0};
    ks_config c, back;
    ks_config_default(&c);
    for (; *settings; settings++) {
        ks_config before = c;
        if (!ks_config_set(&c, *settings, &err)) {
            fail_msg("%s", err.text);
        }
        assert_true(memcmp(&c, &before, offsetof(ks_config, given)) != 0); /* another than the default */
        char key[64];
        snprintf(key, sizeof key, "%.*s", (int)strcspn(*settings, "="), *settings);
        const char* difference = ks_config_difference(&c, &before);
        if (strcmp(key, "iterations") == 0 || strcmp(key, "checkpoint_every") == 0) {
            assert_null(difference);
        } else {
            assert_string_equal(difference, key);
        }
    }
    assert_true(ks_config_save(&c, path, &err));
    ks_config_default(&back);
    assert_true(ks_config_read(&back, path, &err));
    assert_same_values(&back, &c);
    assert_true(ks_config_check(&back, &err) == ks_config_check(&c, &err));
    unlink(path);
}

static void test_round_trip(void** state) {
    (void)state;
    static const char* const RL[] = {
        "env=ant-goal",
        "method=oracle",
        "seed=9007199254740993",
        "iterations=77",
        "tasks=3",
        "trajectories=5",
        "horizon=17",
        "gamma=0.30000000000000004",
        "gae_lambda=0.1",
        "checkpoint_every=3",
        "policy.hidden=[7]",
        "policy.activation=tanh",
        "policy.init=normal",
        "policy.init_std=0.125",
        "policy.log_std_init=-1",
        "policy.log_std_min=-3.3",
        "policy.scale_inputs=true",
        "inner.steps=4",
        "inner.lr=0.1234567890123456789",
        "inner.first_order=true",
        "inner.learned=parameter",
        "inner.per_step=true",
        "inner.adapts=head",
        "inner.sweep=0.625",
        "trpo.gae_lambda=0.875",
        "trpo.max_kl=1e-7",
        "trpo.max_kl_halving=12.5",
        "trpo.cg_iterations=11",
        "trpo.cg_damping=3e-6",
        "trpo.cg_warm_start=0.25",
        "trpo.kfac_damping=0.125",
        "trpo.backtrack_ratio=0.7",
        "trpo.backtrack_steps=9",
        "trpo.curvature_fraction=0.3333333333333333",
        NULL,
    };
    static const char* const SINUSOID[] = {
        "problem=sinusoid",
        "method=pretrain",
        "seed=2",
        "iterations=7",
        "tasks=3",
        "checkpoint_every=5",
        "sinusoid.shots=5",
        "adam.lr=0.125",
        "sinusoid.queries=7",
        "policy.hidden=[]",
        "policy.init=normal",
        "inner.lr=0.5",
        "inner.steps=2",
        "inner.learned=one",
        "adam.beta1=0.5",
        "adam.beta2=0.75",
        "adam.clip=10",
        "adam.epsilon=1e-5",
        NULL,
    };
    static const char* const RL_ADAM[] = {"outer=adam", "adam.lr=0.25", "env=ant-dir", NULL};
    check_round_trip(RL);
    check_round_trip(SINUSOID);
    check_round_trip(RL_ADAM);
}

/* the help, which is a config with comments, is a config too */
static void test_help_is_a_config(void** state) {
    (void)state;
    for (int problem = 0; problem < KS_NUM_PROBLEMS; problem++) {
        ks_config c;
        ks_error err;
        char* text = NULL;
        char assignment[64];
        size_t length;
        FILE* file = open_memstream(&text, &length);
        ks_config_default(&c);
        snprintf(assignment, sizeof assignment, "problem=%s", ks_problem_kinds[problem]->name);
        assert_true(ks_config_set(&c, assignment, &err));
        assert_true(ks_config_write(&c, file, true));
        fclose(file);
        ks_config back;
        assert_true(read_text(&back, text, &err));
        assert_same_values(&back, &c);
        assert_true(ks_config_check(&back, &err));
        free(text);
    }
}

/* ---- problems and outer steps ------------------------------------------------------------------------------------ */

static void read_good(ks_config* c, const char* text) {
    ks_error err;
    if (!read_text(c, text, &err) || !ks_config_check(c, &err)) {
        fail_msg("%s\nsays: %s", text, err.text);
    }
}

/* a problem has defaults of its own, from wherever in a config it is named; what somebody has set stays */
static void test_a_problems_own_defaults(void** state) {
    (void)state;
    ks_config c;
    ks_error err;
    read_good(&c, "problem: sinusoid\n");
    assert_int_equal(c.outer, KS_OUTER_adam);
    assert_int_equal(c.iterations, 70000);
    assert_int_equal(c.tasks, 25);
    assert_int_equal(c.checkpoint_every, 10000);
    assert_int_equal(c.policy.num_hidden, 2);
    assert_int_equal(c.policy.hidden[0], 40);
    assert_int_equal(c.policy.hidden[1], 40);
    assert_int_equal(c.policy.num_hidden, 2);
    assert_true(c.policy.init_std == 0.01 && c.inner.lr == 0.001 && c.inner.steps == 1 && c.adam.step.lr == 0.001);
    assert_true(c.sinusoid.shots == 10 && c.sinusoid.queries == 10);

    read_good(&c, "tasks: 40\niterations: 5\nproblem: sinusoid\ninner:\n  lr: 0.1\npolicy: {hidden: [100, 100]}\n");
    assert_true(c.tasks == 40 && c.iterations == 5 && c.inner.lr == 0.1); /* even where that is rl's default */
    assert_int_equal(c.policy.hidden[0], 100);
    assert_int_equal(c.policy.num_hidden, 2);
    assert_int_equal(c.outer, KS_OUTER_adam);

    /* back to rl: its defaults again, and what was set */
    ks_config rl;
    ks_config_default(&rl);
    read_good(&c, "problem: sinusoid\ntasks: 7\n");
    assert_true(ks_config_set(&c, "problem=rl", &err) && ks_config_check(&c, &err));
    assert_string_equal(ks_config_difference(&c, &rl), "tasks");
    assert_int_equal(c.tasks, 7);
    rl.tasks = 7;
    assert_null(ks_config_difference(&c, &rl));

    /* and what a row's refused value was, is not taken for set */
    ks_config_default(&c);
    assert_false(ks_config_set(&c, "tasks=many", &err));
    assert_true(ks_config_set(&c, "problem=sinusoid", &err));
    assert_int_equal(c.tasks, 25);
}

static void check_config_refused(const char* text, const char* says) {
    ks_config c;
    ks_error err;
    bool ok = read_text(&c, text, &err);
    if (!ok) {
        fail_msg("%s\nis not read: %s", text, err.text);
    }
    if (ks_config_check(&c, &err)) {
        fail_msg("accepted: %s", text);
    }
    assert_int_equal(err.code, KS_BAD_INPUT);
    if (strcmp(err.text, says) != 0) {
        fail_msg("%s\nsays: %s\nnot:  %s", text, err.text, says);
    }
}

static void test_keys_of_another_problem(void** state) {
    (void)state;
    ks_config c;
    check_config_refused("problem: sinusoid\nenv: point\n",
                         "env: it is a key of problem: rl, and here it is problem: sinusoid");
    check_config_refused("env: point\nproblem: sinusoid\n",
                         "env: it is a key of problem: rl, and here it is problem: sinusoid");
    check_config_refused("sinusoid: {shots: 5}\n",
                         "sinusoid.shots: it is a key of problem: sinusoid, and here it is problem: rl");
    check_config_refused("problem: sinusoid\ninner: {sweep: 0}\n", /* even the default's value */
                         "inner.sweep: it is a key of problem: rl, and here it is problem: sinusoid");
    check_config_refused("problem: sinusoid\npolicy: {scale_inputs: true}\n",
                         "policy.scale_inputs: it is a key of problem: rl, and here it is problem: sinusoid");
    check_config_refused("problem: sinusoid\ntrpo: {gae_lambda: 0.5}\n",
                         "trpo.gae_lambda: it is a key of problem: rl, and here it is problem: sinusoid");
    /* the sections of other outer steps may stand ready */
    read_good(&c, "trpo: {max_kl: 0.02}\nadam: {lr: 0.25}\n");
    assert_true(c.trpo.step.max_kl == 0.02 && c.adam.step.lr == 0.25);
    read_good(&c, "outer: adam\ntrpo: {gae_lambda: 0.5}\n");
}

static void test_outer_steps_that_a_problem_takes(void** state) {
    (void)state;
    ks_config c;
    read_good(&c, "outer: adam\n");
    assert_int_equal(c.problem, KS_PROBLEM_rl);
    check_config_refused("problem: sinusoid\nouter: trpo\n", "outer: trpo: problem: sinusoid takes adam or reptile");
    check_config_refused("outer: trpo\nproblem: sinusoid\n", "outer: trpo: problem: sinusoid takes adam or reptile");
}

/* what is printed and compared is what applies */
static void test_only_what_applies(void** state) {
    (void)state;
    ks_config a, b;
    char* text = NULL;
    size_t length;
    read_good(&a, "problem: sinusoid\n");
    FILE* file = open_memstream(&text, &length);
    assert_true(ks_config_write(&a, file, false));
    fclose(file);
    assert_null(strstr(text, "env:"));
    assert_null(strstr(text, "trpo:"));
    assert_null(strstr(text, "sweep:"));
    assert_non_null(strstr(text, "sinusoid:\n  shots: 10\n  queries: 10\n"));
    assert_non_null(strstr(text, "adam:\n  lr: 0.001\n"));
    free(text);
    b = a;
    b.trpo.step.max_kl = 7;
    b.rl.horizon = 7;
    assert_null(ks_config_difference(&a, &b));
    b.adam.step.clip = 7;
    assert_string_equal(ks_config_difference(&a, &b), "adam.clip");
}

static void test_inner_settings(void** state) {
    (void)state;
    ks_config c;
    read_good(&c, "inner: {learned: tensor, per_step: true, adapts: body, steps: 3}\n");
    assert_true(c.inner.learned == KS_LEARNED_TENSOR && c.inner.per_step && c.inner.adapts == KS_ADAPTS_BODY);
    read_good(&c, "method: pretrain\ninner: {learned: tensor, per_step: true}\n"); /* not read there */
    assert_int_equal(ks_config_maml(&c, 1).inner.learned, KS_LEARNED_NONE);
    check_config_refused("inner: {learned: one, steps: 0}\n",
                         "inner.learned: without an inner step (inner.steps: 0) no step size is learned");
    check_config_refused("inner: {per_step: true}\n",
                         "inner.per_step is of learned step sizes, and inner.learned is none");
    check_config_refused("inner: {learned: one, lr: 0}\n",
                         "inner.lr must be above 0 where step sizes are learned from it, not 0");
}

static void test_check(void** state) {
    (void)state;
    ks_config c;
    ks_error err = {0};
    ks_config_default(&c);
    assert_true(ks_config_check(&c, &err));
    c.policy.log_std_init = -14;
    assert_false(ks_config_check(&c, &err));
    assert_non_null(strstr(err.text, "policy.log_std_min"));
    ks_config_default(&c);
    c.rl.trpo_gae_lambda = -0.5;
    assert_false(ks_config_check(&c, &err));
    assert_non_null(strstr(err.text, "trpo.gae_lambda must be 0 to 1, or -1"));
    c.rl.trpo_gae_lambda = 0;
    assert_true(ks_config_check(&c, &err));
    c.tasks = c.rl.trajectories = c.rl.horizon = 1000000;
    assert_false(ks_config_check(&c, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_help_is_a_config),
        cmocka_unit_test(test_a_problems_own_defaults),
        cmocka_unit_test(test_keys_of_another_problem),
        cmocka_unit_test(test_outer_steps_that_a_problem_takes),
        cmocka_unit_test(test_only_what_applies),
        cmocka_unit_test(test_inner_settings),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_booleans),
        cmocka_unit_test(test_other_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
