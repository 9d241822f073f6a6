/* Rewards and terminations by their words: the expressions that they stand for, and what is said of settings that
 * cannot be. */
#include "envs/quantity.h"
#include "envs/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 8, LONGEST = 256 };

/* settings as they would stand in a file: "target=vx,vy std=0.5"; a value may be empty, and so may the list
 * ("target=") */
typedef struct settings {
    char text[LONGEST];
    const char* values[MOST][MOST];
    ks_word_given given[MOST];
    int count;
} settings;

static void split_values(const char** values, int* count, char* text) {
    while (text) {
        char* comma = strchr(text, ',');
        values[(*count)++] = text;
        if (comma) {
            *comma++ = 0;
        }
        text = comma;
    }
}

static void parse(settings* s, const char* text) {
    memset(s, 0, sizeof *s);
    assert_true(strlen(text) < LONGEST);
    strcpy(s->text, text);
    char* save;
    for (char* at = strtok_r(s->text, " ", &save); at; at = strtok_r(NULL, " ", &save)) {
        char* equals = strchr(at, '=');
        ks_word_given* given = &s->given[s->count];
        *equals = 0;
        *given = (ks_word_given){.name = at, .values = s->values[s->count]};
        if (equals[1]) {
            split_values(s->values[s->count], &given->count, equals + 1);
        }
        s->count++;
    }
}

static void expands(ks_word_use use, const char* name, const char* given, const char* want) {
    ks_error err = {0};
    settings s;
    char text[KS_WORD_ROOM];
    const ks_word* word = ks_word_find(use, name, &err);
    assert_non_null(word);
    parse(&s, given);
    if (!ks_word_expand(text, sizeof text, word, s.given, s.count, &err)) {
        fail_msg("%s", err.text);
    }
    assert_string_equal(text, want);
}

static void reward(const char* name, const char* given, const char* want) {
    expands(KS_WORD_REWARD, name, given, want);
}

static void termination(const char* name, const char* given, const char* want) {
    expands(KS_WORD_TERMINATION, name, given, want);
}

static void fails(ks_word_use use, const char* name, const char* given, const char* want) {
    ks_error err = {0};
    settings s;
    char text[KS_WORD_ROOM];
    const ks_word* word = ks_word_find(use, name, &err);
    assert_non_null(word);
    parse(&s, given);
    assert_false(ks_word_expand(text, sizeof text, word, s.given, s.count, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_string_equal(err.text, want);
}

static void rewards(void** unused) {
    (void)unused;
    reward("alive", "", "1");
    reward("forward", "", "sum(1 * com_lin_vel[0])");
    reward("forward", "direction=side", "sum(side * com_lin_vel[0])");
    reward("forward", "direction=ahead,-0.5 of=progress", "sum([ahead, (-0.5)] * root_progress_vel[0:2])");
    reward("speed", "target=velocity", "-abs(com_lin_vel[0] - velocity)");
    reward("speed", "of=root target=2", "-abs(base_lin_vel_w[0] - 2)");
    reward("track_lin_vel", "target=velocity", "exp(-sum(square(base_lin_vel[0] - velocity)) / square(0.5))");
    reward("track_lin_vel", "target=vx,vy std=0.25 frame=yaw",
           "exp(-sum(square(base_lin_vel_yaw[0:2] - [vx, vy])) / square(0.25))");
    reward("track_lin_vel", "target=1,0,-1e-3 frame=world",
           "exp(-sum(square(base_lin_vel_w[0:3] - [1, 0, (-0.001)])) / square(0.5))");
    reward("track_lin_vel", "target=v frame=body", "exp(-sum(square(base_lin_vel[0] - v)) / square(0.5))");
    reward("track_ang_vel", "target=turn frame=world", "exp(-square(base_ang_vel_w[2] - turn) / square(0.5))");
    reward("track_height", "target=1.3 body=head", "exp(-square(body_pos(\"head\")[2] - 1.3) / square(0.1))");
    reward("heading", "target=way", "cos(heading - way)");
    reward("distance", "target=goal_x,goal_y", "norm(body_pos[0:2] - [goal_x, goal_y])");
    reward("reach", "target=1,2,3 body=hand std=2", "1 - tanh(norm(body_pos(\"hand\")[0:3] - [1, 2, 3]) / 2)");
    reward("upright", "", "upright");
    reward("upright", "body=torso", "upright(\"torso\")");
    reward("height", "", "body_pos[2]");
    reward("base_height", "target=0.3", "square(body_pos[2] - 0.3)");
    reward("flat_orientation", "", "sum(square(projected_gravity[0:2]))");
    reward("lin_vel_z", "", "square(base_lin_vel[2])");
    reward("ang_vel_xy", "", "sum(square(base_ang_vel[0:2]))");
    reward("posture", "", "exp(-mean(square(joint_pos_rel(\"actuated\"))) / square(0.5))");
    reward("control", "", "sum(square(action))");
    reward("action_rate", "", "sum(square(action - last_action))");
    reward("energy", "", "sum(abs(actuator_force * actuator_vel))");
    reward("energy", "actuators=hip*,knee*",
           "sum(abs(actuator_force(\"hip*\", \"knee*\") * actuator_vel(\"hip*\", \"knee*\")))");
    reward("joint_torque_l2", "joints=*", "sum(square(joint_torque(\"*\")))");
    reward("joint_vel_l2", "", "sum(square(joint_vel(\"actuated\")))");
    reward("joint_acc_l2", "", "sum(square(joint_acc(\"actuated\")))");
    reward("joint_deviation_l1", "joints=waist", "sum(abs(joint_pos_rel(\"waist\")))");
    reward("joint_limits", "",
           "sum(max(abs(joint_pos_limit_normalized) - 0.9, 0) * (joint_upper_limit - joint_lower_limit) / 2)");
    reward("joint_limits", "joints=a soft=1",
           "sum(max(abs(joint_pos_limit_normalized(\"a\")) - 1, 0) * (joint_upper_limit(\"a\") - "
           "joint_lower_limit(\"a\")) / 2)");
    reward("contact_cost", "", "sum(square(clip(contact_forces, -1, 1)))");
    reward("contact_cost", "limit=0.5 bodies=*", "sum(square(clip(contact_forces(\"*\"), -0.5, 0.5)))");
    reward("contact", "bodies=thigh_*", "sum(body_contact(\"thigh_*\"))");
    reward("contact", "bodies=a geoms=b", "sum(body_contact(\"a\")) + sum(geom_contact(\"b\"))");
    reward("slip", "geoms=foot_*", "sum(square(geom_slip(\"foot_*\")))");
}

static void terminations(void** unused) {
    (void)unused;
    termination("height", "below=0.8 above=2", "body_pos[2] < 0.8 or body_pos[2] > 2");
    termination("height", "above=2 body=torso", "body_pos(\"torso\")[2] > 2");
    termination("height", "below=floor", "body_pos[2] < floor");
    termination("tilt", "above=1.2", "upright < cos(1.2)");
    termination("contact", "geoms=head,torso", "any(geom_contact(\"head\", \"torso\"))");
    termination("contact", "bodies=head geoms=skin", "any(body_contact(\"head\")) or any(geom_contact(\"skin\"))");
    termination("distance", "above=10", "norm(body_pos[0:2] - [0, 0]) > 10");
    termination("distance", "target=goal below=.1", "norm(body_pos[0] - goal) < 0.1");
    termination("joint_pos", "below=-1 above=1 joints=rooty",
                "any(joint_pos(\"rooty\") < (-1)) or any(joint_pos(\"rooty\") > 1)");
    termination("joint_vel", "above=100", "any(abs(joint_vel(\"actuated\")) > 100)");
}

static void settings_that_cannot_be(void** unused) {
    (void)unused;
    fails(KS_WORD_REWARD, "track_lin_vel", "sdt=1 target=v",
          "track_lin_vel: it has no setting \"sdt\"; the nearest is \"std\"");
    fails(KS_WORD_REWARD, "alive", "std=1", "alive: it has no settings, and so no \"std\"");
    fails(KS_WORD_REWARD, "track_ang_vel", "std=1", "track_ang_vel: it needs target (rad/s)");
    fails(KS_WORD_REWARD, "slip", "", "slip: it needs geoms (which geoms)");
    fails(KS_WORD_TERMINATION, "height", "body=torso", "height: it needs below or above");
    fails(KS_WORD_REWARD, "contact", "", "contact: it needs bodies or geoms");
    fails(KS_WORD_REWARD, "speed", "target=1 target=2", "speed: target is there twice");
    fails(KS_WORD_REWARD, "speed", "target=", "speed: target: it has no value");
    fails(KS_WORD_REWARD, "speed", "target=1,2", "speed: target: it takes 1 value, not 2");
    fails(KS_WORD_REWARD, "distance", "target=1,2,3,4", "distance: target: it takes up to 3 values, not 4");
    fails(KS_WORD_REWARD, "speed", "target=2*v",
          "speed: target: \"2*v\" is neither a number nor the name of one of the task's");
    fails(KS_WORD_REWARD, "speed", "target=1e999",
          "speed: target: \"1e999\" is neither a number nor the name of one of the task's");
    fails(KS_WORD_REWARD, "track_ang_vel", "target=1 std=0", "track_ang_vel: std: it must be above 0, and 0 is not");
    fails(KS_WORD_REWARD, "track_ang_vel", "target=1 frame=yaw",
          "track_ang_vel: frame: \"yaw\" is none of body, world");
    fails(KS_WORD_REWARD, "track_ang_vel", "target=1 frame=bod",
          "track_ang_vel: frame: \"bod\" is none of body, world");
    fails(KS_WORD_REWARD, "upright", "body=a,b", "upright: body: it takes 1 value, not 2");
    fails(KS_WORD_REWARD, "upright", "body=a\")+size(\"b",
          "upright: body: \"a\")+size(\"b\" has a quote or a control character in it");
    fails(KS_WORD_REWARD, "slip", "geoms=a,,b", "slip: geoms: a name is empty");
}

static void words_that_are_none(void** unused) {
    (void)unused;
    ks_error err = {0};
    assert_null(ks_word_find(KS_WORD_REWARD, "contrl", &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_string_equal(err.text, "there is no reward \"contrl\"; the nearest is \"control\"");
    assert_null(ks_word_find(KS_WORD_TERMINATION, "hight", &err));
    assert_string_equal(err.text, "there is no termination \"hight\"; the nearest is \"height\"");
    assert_null(ks_word_find(KS_WORD_TERMINATION, "control", &err)); /* a reward alone */
    assert_ptr_not_equal(ks_word_find(KS_WORD_REWARD, "height", &err),
                         ks_word_find(KS_WORD_TERMINATION, "height", &err));
}

/* Where there is no room, nothing is written behind the end. */
static void no_room(void** unused) {
    (void)unused;
    const ks_word* word = ks_word_find(KS_WORD_REWARD, "control", NULL);
    const size_t length = strlen("sum(square(action))");
    for (size_t room = 1; room <= length + 1; room++) {
        ks_error err = {0};
        char* text = malloc(room + 1);
        text[room] = 'x';
        bool ok = ks_word_expand(text, room, word, NULL, 0, &err);
        assert_true(ok == (room > length));
        assert_int_equal(text[room], 'x');
        if (!ok) {
            assert_string_equal(err.text, "control: too many names, or too long");
        }
        free(text);
    }
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static bool is_of_the_language(const char* name) {
    static const char* const known[] = {"abs", "exp",  "cos", "tanh", "square", "max",    "clip",
                                        "sum", "mean", "any", "norm", "or",     "action", "last_action"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Every name outside of quotes is a quantity, or one of the language's; brackets are closed. */
static void check_expression(const char* text) {
    int depth = 0;
    for (const char* at = text; *at;) {
        size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
        char name[64];
        if (*at == '"') {
            at = strchr(at + 1, '"') + 1;
        } else if (length > 0) {
            snprintf(name, sizeof name, "%.*s", (int)length, at);
            if (!is_of_the_language(name) && !ks_quantity_kind_find(name)) {
                fail_msg("\"%s\" of %s is no quantity", name, text);
            }
            at += length;
        } else {
            depth += *at == '(' || *at == '[' ? 1 : *at == ')' || *at == ']' ? -1 : 0;
            assert_true(*at != '{' && *at != '}' && *at != '|' && depth >= 0);
            at++;
        }
    }
    assert_int_equal(depth, 0);
}

/* every setting given, as many values as may be */
static void expand_fully(const ks_word* word, char* text) {
    static const char* const numbers[] = {"1", "2", "3"};
    static const char* const names[] = {"a", "b*", "c"};
    ks_word_given given[KS_WORD_SETTINGS];
    char choice[32];
    const char* chosen = choice;
    ks_error err = {0};
    int count = ks_word_num_settings(word);
    for (int i = 0; i < count; i++) {
        const ks_word_setting* s = &word->settings[i];
        given[i] = (ks_word_given){s->name, s->type == KS_WORD_NAMES ? names : numbers, s->most ? s->most : 3};
        if (s->type == KS_WORD_CHOICE) {
            snprintf(choice, sizeof choice, "%.*s", (int)strcspn(s->choices, "="), s->choices);
            given[i].values = &chosen;
        }
    }
    if (!ks_word_expand(text, KS_WORD_ROOM, word, given, count, &err)) {
        fail_msg("%s", err.text);
    }
}

static void the_table_is_whole(void** unused) {
    (void)unused;
    for (size_t i = 0; i < ks_word_count(); i++) {
        const ks_word* word = ks_word_at(i);
        char text[KS_WORD_ROOM];
        assert_ptr_equal(ks_word_find(word->use, word->name, NULL), word); /* none twice */
        assert_true(i == 0 || ks_word_at(i - 1)->use <= word->use);
        assert_true(*word->summary && word->unit);
        for (int k = 0; k < ks_word_num_settings(word); k++) {
            const ks_word_setting* s = &word->settings[k];
            char place[64];
            snprintf(place, sizeof place, "{%s}", s->name);
            assert_non_null(strstr(word->text, place));
            assert_true(*s->summary && !(s->initial && s->optional));
            assert_true((s->type == KS_WORD_NAMES) == (s->of != mjOBJ_UNKNOWN));
            assert_true((s->type == KS_WORD_CHOICE) == (s->choices != NULL));
        }
        expand_fully(word, text);
        check_expression(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rewards),
        cmocka_unit_test(terminations),
        cmocka_unit_test(settings_that_cannot_be),
        cmocka_unit_test(words_that_are_none),
        cmocka_unit_test(no_room),
        cmocka_unit_test(the_table_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
