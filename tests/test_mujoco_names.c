/* Objects of a model by the names and patterns that people write. */
#include "envs/mujoco_load.h"
#include "envs/mujoco_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* a name for every kind of object, two geoms without one, and an actuator that is told two numbers */
static const char XML[] =
    "<mujoco><worldbody>"
    "<camera name='eye'/>"
    "<body name='trunk'><freejoint name='root'/><geom name='trunk' size='.1'/><geom size='.1'/><site name='imu'/>"
    "<body name='leg_left'><joint name='hip_left'/><geom size='.1'/></body>"
    "<body name='leg_right'><joint name='hip_right'/><geom name='foot' size='.1'/>"
    "<body name='*'><joint name='odd[1]'/><geom name='last' size='.1'/></body></body>"
    "</body></worldbody>"
    "<tendon><fixed name='both'><joint joint='hip_left' coef='1'/></fixed></tendon>"
    "<actuator><pid name='servo' joint='hip_left' kp='1' kv='1'/><motor name='motor' joint='hip_right'/></actuator>"
    "<sensor><gyro name='gyro' site='imu'/></sensor>"
    "<keyframe><key name='home'/></keyframe></mujoco>";

static int open_model(void** state) {
    ks_error err = {0};
    *state = ks_mujoco_compile((const unsigned char*)XML, &err);
    return *state ? 0 : -1;
}

static int close_model(void** state) {
    mj_deleteModel(*state);
    return 0;
}

/* the ids as a text: "0 2 3" */
static const char* match(char text[64], const mjModel* m, mjtObj type, const char* pattern) {
    int ids[8];
    int count;
    ks_error err = {0};
    if (!ks_mujoco_match(ids, 8, &count, m, type, pattern, &err)) {
        assert_int_equal(err.code, KS_BAD_INPUT);
        snprintf(text, 64, "%.63s", err.text);
        return text;
    }
    *text = 0;
    for (int i = 0; i < count; i++) {
        sprintf(text + strlen(text), "%s%d", i ? " " : "", ids[i]);
    }
    return text;
}

static void names_and_patterns(void** state) {
    char text[64];
    const mjModel* m = *state;
    assert_string_equal(match(text, m, mjOBJ_BODY, "trunk"), "1");
    assert_string_equal(match(text, m, mjOBJ_BODY, "leg_*"), "2 3");
    assert_string_equal(match(text, m, mjOBJ_BODY, "leg_?????"), "3");
    assert_string_equal(match(text, m, mjOBJ_BODY, "leg_[lm]*"), "2");
    assert_string_equal(match(text, m, mjOBJ_BODY, "?*"), "1 2 3 4");
    assert_string_equal(match(text, m, mjOBJ_BODY, "world"), "0"); /* by its own name alone */
    assert_string_equal(match(text, m, mjOBJ_BODY, "*"), "1 2 3 4");
    assert_string_equal(match(text, m, mjOBJ_JOINT, "odd[1]"),
                        "3"); /* its own name comes before what a pattern means */
    assert_string_equal(match(text, m, mjOBJ_GEOM, "*"), "0 1 2 3 4");
    assert_string_equal(match(text, m, mjOBJ_GEOM, "#1"), "1");
    assert_string_equal(match(text, m, mjOBJ_GEOM, "#*"), "1 2");
    assert_string_equal(match(text, m, mjOBJ_SITE, "imu"), "0");
    assert_string_equal(match(text, m, mjOBJ_CAMERA, "eye"), "0");
    assert_string_equal(match(text, m, mjOBJ_TENDON, "both"), "0");
    assert_string_equal(match(text, m, mjOBJ_SENSOR, "gyro"), "0");
    assert_string_equal(match(text, m, mjOBJ_KEY, "home"), "0");
    assert_string_equal(match(text, m, mjOBJ_ACTUATOR, "*"), "0 1");
}

static void what_is_not_there(void** state) {
    char text[64];
    const mjModel* m = *state;
    ks_error err = {0};
    int ids[2];
    int count;
    assert_false(ks_mujoco_match(ids, 2, &count, m, mjOBJ_JOINT, "hip_letf", &err));
    assert_string_equal(err.text, "there is no joint \"hip_letf\"; the nearest is \"hip_left\"");
    assert_false(ks_mujoco_match(ids, 2, &count, m, mjOBJ_JOINT, "knee*", &err));
    assert_non_null(strstr(err.text, "there is no joint \"knee*\"; the nearest is"));
    assert_false(ks_mujoco_match(ids, 2, &count, m, mjOBJ_JOINT, "*", &err));
    assert_string_equal(err.text, "\"*\" names more than 2 joint objects");
    /* geom 0 has a name: # is of those without */
    assert_non_null(strstr(match(text, m, mjOBJ_GEOM, "#0"), "there is no geom \"#0\""));
    /* there is no third actuator, though the two are told three numbers */
    assert_non_null(strstr(match(text, m, mjOBJ_ACTUATOR, "#2"), "there is no actuator \"#2\""));
    assert_non_null(strstr(match(text, m, mjOBJ_BODY, ""), "there is no body \"\""));
}

static void a_model_without_names(void** unused) {
    (void)unused;
    static const char xml[] =
        "<mujoco><worldbody><body><joint/><geom size='.1'/></body>"
        "<body><joint/><geom size='.1'/></body></worldbody></mujoco>";
    ks_error err = {0};
    char text[64];
    int ids[2];
    int count;
    mjModel* m = ks_mujoco_compile((const unsigned char*)xml, &err);
    assert_non_null(m);
    assert_string_equal(match(text, m, mjOBJ_JOINT, "#1"), "1");
    assert_string_equal(match(text, m, mjOBJ_BODY, "*"), "1 2");
    assert_false(ks_mujoco_match(ids, 2, &count, m, mjOBJ_JOINT, "hip", &err));
    assert_string_equal(err.text, "there is no joint \"hip\": the model's have no names, and are #0 to #1");
    assert_false(ks_mujoco_match(ids, 2, &count, m, mjOBJ_SENSOR, "*", &err));
    assert_string_equal(err.text, "there is no sensor \"*\": the model has none");
    mj_deleteModel(m);
}

static void counts_and_words(void** state) {
    const mjModel* m = *state;
    char text[16];
    assert_int_equal(ks_mujoco_object_count(m, mjOBJ_BODY), 5);
    assert_int_equal(ks_mujoco_object_count(m, mjOBJ_ACTUATOR), 2);
    assert_int_equal(m->nu, 3);
    assert_int_equal(ks_mujoco_object_count(m, mjOBJ_UNKNOWN), 0);
    assert_string_equal(ks_mujoco_object_word(mjOBJ_BODY), "body");
    assert_string_equal(ks_mujoco_object_word(mjOBJ_ACTUATOR), "actuator");
    assert_string_equal(ks_mujoco_object_name(text, m, mjOBJ_GEOM, 1), "#1");
    assert_string_equal(ks_mujoco_object_name(text, m, mjOBJ_GEOM, 0), "trunk");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_and_patterns, open_model, close_model),
        cmocka_unit_test_setup_teardown(what_is_not_there, open_model, close_model),
        cmocka_unit_test(a_model_without_names),
        cmocka_unit_test_setup_teardown(counts_and_words, open_model, close_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
