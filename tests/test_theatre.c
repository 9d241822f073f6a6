/* What is shown stands for what was measured: the trajectory with the median return of those that were sampled, or the mean actions
 * from one start. */
#include "base/rng.h"
#include "viewer/live.h"
#include "viewer/lives.h"
#include "viewer/theatre.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TRAJECTORIES = 7, STEPS = 2, HORIZON = 30 };

typedef struct stage {
    ks_env_model* model;
    ks_policy* policy;
    ks_real* params;
    ks_theatre* theatre;
    ks_play* play;
} stage;

static stage stage_of(const char* env, size_t length) {
    ks_error err = {0};
    stage s = {0};
    s.model = ks_env_model_create(ks_env_find(env, &err), false, &err);
    assert_non_null(s.model);
    const ks_env_def* def = ks_env_model_def(s.model);
    ks_policy_settings net = ks_policy_settings_default();
    net.obs_dim = def->obs_dim;
    net.act_dim = def->act_dim;
    net.num_hidden = 1;
    net.hidden[0] = 8;
    s.policy = ks_policy_create(&net, &err);
    size_t count = ks_policy_num_params(s.policy);
    double* uniform = calloc(count, sizeof *uniform);
    s.params = calloc(count, sizeof *s.params);
    assert_true(uniform && s.params);
    ks_stream_uniform(uniform, count, ks_stream_make(3, KS_RNG_INIT, 0, 0), 0, 0, 0);
    ks_policy_init(s.policy, s.params, uniform, -0.5);
    free(uniform);
    ks_theatre_policy actor = {.model = s.model,
                               .policy = s.policy,
                               .params = s.params,
                               .advantage = {.gamma = 0.99, .gae_lambda = 1},
                               .lr = {0.01, 0.01}};
    ks_theatre_settings settings = ks_theatre_settings_default();
    settings.max_steps = STEPS;
    settings.max_trajectories = TRAJECTORIES;
    settings.horizon = HORIZON;
    settings.length = length;
    s.theatre = ks_theatre_create(&actor, 1, &settings, &err);
    if (!s.theatre) {
        fail_msg("%s", err.text);
    }
    s.play = ks_theatre_make_play(s.theatre, &err);
    assert_non_null(s.play);
    return s;
}

static void stage_free(stage* s) {
    ks_play_destroy(s->play);
    ks_theatre_destroy(s->theatre);
    ks_policy_destroy(s->policy);
    ks_env_model_destroy(s->model);
    free(s->params);
}

static void perform(stage* s, bool deterministic) {
    ks_error err = {0};
    ks_theatre_request r = {.task = {1, 0.3},
                            .steps = STEPS,
                            .trajectories = TRAJECTORIES,
                            .lr_factor = 1,
                            .seed = 5,
                            .deterministic = deterministic};
    if (!ks_theatre_perform(s->theatre, s->play, &r, &err)) {
        fail_msg("%s", err.text);
    }
}

static double final_return(const ks_act* act) {
    return act->ret[act->length];
}

static void the_median_is_shown(void** state) {
    (void)state;
    stage s = stage_of("half-cheetah-dir", HORIZON);
    perform(&s, false);
    assert_true(s.play->is_median);
    for (int j = 0; j <= STEPS; j++) {
        const ks_act* act = &s.play->acts[0][j];
        double sum = 0;
        int less = 0, more = 0;
        assert_int_equal(act->num_sampled, TRAJECTORIES);
        for (size_t i = 0; i < act->num_sampled; i++) {
            sum += act->returns[i];
            less += act->returns[i] < final_return(act) - 1e-6;
            more += act->returns[i] > final_return(act) + 1e-6;
        }
        assert_true(fabs(sum / TRAJECTORIES - act->mean_return) < 1e-4);
        assert_int_equal(less, TRAJECTORIES / 2);
        assert_int_equal(more, TRAJECTORIES / 2);
        assert_int_equal(act->num_ghosts, TRAJECTORIES - 1); /* the others */
    }
    stage_free(&s);
}

static void it_may_be_shorter_or_longer(void** state) {
    (void)state;
    for (size_t length = 12; length <= 48; length += 36) {
        stage s = stage_of("half-cheetah-dir", length);
        perform(&s, false);
        for (int j = 0; j <= STEPS; j++) {
            const ks_act* act = &s.play->acts[0][j];
            assert_int_equal(act->length, length);
            assert_false(act->terminated);
            assert_true(act->qpos[0] != act->qpos[length * 9]); /* the state after the last timestep is there */
        }
        stage_free(&s);
    }
}

static void mean_actions_have_one_start(void** state) {
    (void)state;
    stage s = stage_of("half-cheetah-dir", HORIZON);
    perform(&s, true);
    assert_false(s.play->is_median);
    for (int j = 1; j <= STEPS; j++) {
        assert_memory_equal(s.play->acts[0][0].qpos, s.play->acts[0][j].qpos, 9 * sizeof(double));
    }
    assert_int_equal(s.play->acts[0][0].num_ghosts, TRAJECTORIES);
    stage_free(&s);
}

static void how_high_it_comes_is_known(void** state) {
    (void)state;
    stage s = stage_of("half-cheetah-dir", HORIZON);
    perform(&s, false);
    assert_true(s.play->top > 0.1 && s.play->top < 2); /* of a body of a metre that is looked at in its middle */
    stage_free(&s);
    s = stage_of("point", HORIZON);
    perform(&s, false);
    assert_true(s.play->top == 0);
    int done, of;
    ks_theatre_progress(s.theatre, &done, &of);
    assert_true(done == STEPS + 1 && of == STEPS + 1);
    stage_free(&s);
}

/* A live act has gone the recorded way, goes on past its end, and a pull changes where to. */
static void a_live_act_goes_on(void** state) {
    (void)state;
    enum { FROM = 21, NQ = 9, TORSO = 1 };
    ks_error err = {0};
    stage s = stage_of("half-cheetah-dir", HORIZON);
    perform(&s, false);
    for (int j = 0; j <= STEPS; j++) {
        const ks_act* recorded = &s.play->acts[0][j];
        double time = FROM * s.play->dt, end = 2 * HORIZON * s.play->dt;
        ks_live* alone = ks_live_create(ks_theatre_policy_of(s.theatre, 0), s.play, 0, j, time, &err);
        ks_live* pulled = ks_live_create(ks_theatre_policy_of(s.theatre, 0), s.play, 0, j, time, &err);
        assert_true(alone && pulled);
        const ks_act *a = ks_live_act(alone), *b = ks_live_act(pulled);
        assert_int_equal(a->length, FROM);
        assert_memory_equal(a->qpos, recorded->qpos, (FROM + 1) * NQ * sizeof *a->qpos);
        assert_true(fabs(a->ret[FROM] - recorded->ret[FROM]) < 1e-4);
        mjvPerturb up;
        mjv_defaultPerturb(&up);
        up.select = TORSO;
        up.active = mjPERT_TRANSLATE;
        mju_copy3(up.refselpos, ks_live_data(pulled)->xpos + 3 * TORSO);
        up.refselpos[2] += 3;
        up.localmass = 10;
        up.scale = 1;
        ks_live_advance(alone, end, NULL);
        ks_live_advance(pulled, end, &up);
        assert_int_equal(a->length, 2 * HORIZON);
        assert_int_equal(b->length, 2 * HORIZON);
        assert_true(b->qpos[b->length * NQ + 1] > a->qpos[a->length * NQ + 1] + 0.2); /* it hangs higher */
        ks_live_destroy(alone);
        ks_live_destroy(pulled);
    }
    stage_free(&s);
}

/* One pane of several; a reset shows the recording again. */
static void panes_go_live_one_by_one(void** state) {
    (void)state;
    ks_error err = {0};
    stage s = stage_of("half-cheetah-dir", HORIZON);
    perform(&s, false);
    ks_lives* lives = ks_lives_create(s.theatre, &err);
    assert_non_null(lives);
    const ks_play* shown = ks_lives_show(lives, s.play);
    assert_false(ks_lives_any(lives));
    assert_true(ks_lives_start(lives, 0, 1, 5 * s.play->dt, &err));
    ks_lives_advance(lives, 40 * s.play->dt);
    assert_true(ks_lives_any(lives) && shown->acts[0][1].world && !shown->acts[0][0].world);
    assert_int_equal(shown->acts[0][1].length, 40);
    assert_ptr_equal(shown->acts[0][0].qpos, s.play->acts[0][0].qpos);
    shown = ks_lives_show(lives, s.play);
    assert_false(ks_lives_any(lives));
    assert_ptr_equal(shown->acts[0][1].qpos, s.play->acts[0][1].qpos);
    ks_lives_destroy(lives);
    stage_free(&s);
    s = stage_of("point", HORIZON); /* has no bodies */
    perform(&s, false);
    lives = ks_lives_create(s.theatre, &err);
    ks_lives_show(lives, s.play);
    assert_false(ks_lives_start(lives, 0, 0, 0, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    ks_lives_destroy(lives);
    stage_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_median_is_shown),         cmocka_unit_test(it_may_be_shorter_or_longer),
        cmocka_unit_test(mean_actions_have_one_start), cmocka_unit_test(how_high_it_comes_is_known),
        cmocka_unit_test(a_live_act_goes_on),          cmocka_unit_test(panes_go_live_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
