/* The table of rewards and terminations. What the places in a text mean, word_expand.c says. */
#include "envs/words.h"

#include "base/names.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* ---- settings that several words have ---------------------------------------------------------------------------- */

#define BODY                                                                                                     \
    {                                                                                                            \
        .name = "body", .type = KS_WORD_NAMES, .summary = "default: the root body", .optional = true, .most = 1, \
        .of = mjOBJ_BODY                                                                                         \
    }
#define STD(value, unit)                                                                                \
    {                                                                                                   \
        .name = "std", .type = KS_WORD_VALUES, .summary = unit ": an error of this size gives exp(-1)", \
        .initial = value, .most = 1, .positive = true                                                   \
    }
#define NUMBER(title, help) \
    { .name = title, .type = KS_WORD_VALUES, .summary = help, .most = 1 }
#define TARGET(count, help) \
    { .name = "target", .type = KS_WORD_VALUES, .summary = help, .most = count }
#define JOINTS                                                                                    \
    {                                                                                             \
        .name = "joints", .type = KS_WORD_NAMES, .summary = "default: those that actuators move", \
        .initial = "actuated", .of = mjOBJ_JOINT                                                  \
    }
#define SPEED_OF                                                                                              \
    {                                                                                                         \
        .name = "of", .type = KS_WORD_CHOICE, .initial = "center", .most = 1,                                 \
        .choices = "center=com_lin_vel root=base_lin_vel_w progress=root_progress_vel",                       \
        .summary = "what moves: the centre of mass, the root body, or the root body by its way over the step" \
    }
#define BODIES \
    { .name = "bodies", .type = KS_WORD_NAMES, .summary = "which bodies", .of = mjOBJ_BODY }
#define GEOMS \
    { .name = "geoms", .type = KS_WORD_NAMES, .summary = "which geoms", .of = mjOBJ_GEOM }

/* ---- the table --------------------------------------------------------------------------------------------------- */

static const ks_word WORDS[] = {
    /* ---- where to go */
    {"alive", KS_WORD_REWARD, "1 for every step", "", "1", {{0}}},
    {"forward",
     KS_WORD_REWARD,
     "speed in a direction along the ground",
     "m/s",
     "sum({direction} * {of}{direction.part})",
     {{.name = "direction", .type = KS_WORD_VALUES, .summary = "along x, or along x and y", .initial = "1", .most = 2},
      SPEED_OF}},
    {"speed",
     KS_WORD_REWARD,
     "minus how far the speed along x is from a target",
     "m/s",
     "-abs({of}[0] - {target})",
     {TARGET(1, "m/s"), SPEED_OF}},
    {"track_lin_vel",
     KS_WORD_REWARD,
     "1 at a target velocity of the root body, and less further away: exp(-error^2 / std^2)",
     "",
     "exp(-sum(square(base_lin_vel{frame}{target.part} - {target})) / square({std}))",
     {TARGET(3, "m/s: one value is along x alone, two are x and y, three x, y and z"),
      STD("0.5", "m/s"),
      {.name = "frame",
       .type = KS_WORD_CHOICE,
       .summary = "whose x, y and z: of the body, of the body's heading alone, of the world",
       .initial = "body",
       .most = 1,
       .choices = "body= yaw=_yaw world=_w"}}},
    {"track_ang_vel",
     KS_WORD_REWARD,
     "1 at a target angular velocity of the root body about z, and less further away",
     "",
     "exp(-square(base_ang_vel{frame}[2] - {target}) / square({std}))",
     {TARGET(1, "rad/s"),
      STD("0.5", "rad/s"),
      {.name = "frame",
       .type = KS_WORD_CHOICE,
       .summary = "whose z",
       .initial = "body",
       .most = 1,
       .choices = "body= world=_w"}}},
    {"track_height",
     KS_WORD_REWARD,
     "1 at a target height, and less further away",
     "",
     "exp(-square(body_pos{body}[2] - {target}) / square({std}))",
     {TARGET(1, "m"), STD("0.1", "m"), BODY}},
    {"heading",
     KS_WORD_REWARD,
     "1 facing in a target direction, -1 facing the other way",
     "",
     "cos(heading{body} - {target})",
     {TARGET(1, "rad: 0 along x, pi/2 along y"), BODY}},
    {"distance",
     KS_WORD_REWARD,
     "how far a place is",
     "m",
     "norm(body_pos{body}{target.part} - {target})",
     {TARGET(3, "m: one value is x alone, two are x and y, three x, y and z"), BODY}},
    {"reach",
     KS_WORD_REWARD,
     "1 at a place, and less further away: 1 - tanh(distance / std)",
     "",
     "1 - tanh(norm(body_pos{body}{target.part} - {target}) / {std})",
     {TARGET(3, "m: one value is x alone, two are x and y, three x, y and z"),
      {.name = "std",
       .type = KS_WORD_VALUES,
       .summary = "m: at this distance it is 0.24",
       .initial = "1",
       .most = 1,
       .positive = true},
      BODY}},
    /* ---- how to stand */
    {"upright", KS_WORD_REWARD, "1 upright, 0 lying, -1 on its head", "", "upright{body}", {BODY}},
    {"height", KS_WORD_REWARD, "how high a body is", "m", "body_pos{body}[2]", {BODY}},
    {"base_height",
     KS_WORD_REWARD,
     "square of how far a height is from a target",
     "m^2",
     "square(body_pos{body}[2] - {target})",
     {TARGET(1, "m"), BODY}},
    {"flat_orientation",
     KS_WORD_REWARD,
     "0 upright or on its head, 1 lying: gravity along x and y of the body, squared",
     "",
     "sum(square(projected_gravity{body}[0:2]))",
     {BODY}},
    {"lin_vel_z",
     KS_WORD_REWARD,
     "square of the velocity of the root body along its z",
     "m^2/s^2",
     "square(base_lin_vel[2])",
     {{0}}},
    {"ang_vel_xy",
     KS_WORD_REWARD,
     "squares of the angular velocity of the root body about its x and y",
     "rad^2/s^2",
     "sum(square(base_ang_vel[0:2]))",
     {{0}}},
    {"posture",
     KS_WORD_REWARD,
     "1 at the rest position of the model, and less further away",
     "",
     "exp(-mean(square(joint_pos_rel{joints})) / square({std}))",
     {JOINTS, STD("0.5", "rad, m")}},
    /* ---- what it costs: these with a weight below 0 */
    {"control", KS_WORD_REWARD, "sum of squares of the action", "", "sum(square(action))", {{0}}},
    {"action_rate",
     KS_WORD_REWARD,
     "sum of squares of how the action changes from step to step",
     "",
     "sum(square(action - last_action))",
     {{0}}},
    {"energy",
     KS_WORD_REWARD,
     "power of the actuators, whichever way it flows",
     "W",
     "sum(abs(actuator_force{actuators} * actuator_vel{actuators}))",
     {{.name = "actuators", .type = KS_WORD_NAMES, .summary = "default: all", .optional = true, .of = mjOBJ_ACTUATOR}}},
    {"joint_torque_l2",
     KS_WORD_REWARD,
     "sum of squares of what actuators exert at joints",
     "N^2 m^2, N^2",
     "sum(square(joint_torque{joints}))",
     {JOINTS}},
    {"joint_vel_l2",
     KS_WORD_REWARD,
     "sum of squares of the velocities of joints",
     "rad^2/s^2, m^2/s^2",
     "sum(square(joint_vel{joints}))",
     {JOINTS}},
    {"joint_acc_l2",
     KS_WORD_REWARD,
     "sum of squares of the accelerations of joints",
     "rad^2/s^4, m^2/s^4",
     "sum(square(joint_acc{joints}))",
     {JOINTS}},
    {"joint_deviation_l1",
     KS_WORD_REWARD,
     "how far joints are from the rest position of the model",
     "rad, m",
     "sum(abs(joint_pos_rel{joints}))",
     {JOINTS}},
    {"joint_limits",
     KS_WORD_REWARD,
     "how far joints are beyond a part of their ranges",
     "rad, m",
     "sum(max(abs(joint_pos_limit_normalized{joints}) - {soft}, 0) * "
     "(joint_upper_limit{joints} - joint_lower_limit{joints}) / 2)",
     {{.name = "soft",
       .type = KS_WORD_VALUES,
       .summary = "that part, in the middle of the range",
       .initial = "0.9",
       .most = 1,
       .positive = true},
      {.name = "joints",
       .type = KS_WORD_NAMES,
       .summary = "default: all hinges and slides with a range",
       .optional = true,
       .of = mjOBJ_JOINT}}},
    {"contact_cost",
     KS_WORD_REWARD,
     "sum of squares of the contact forces of bodies, each clipped, as Gymnasium's ant has it",
     "",
     "sum(square(clip(contact_forces{bodies}, -{limit}, {limit})))",
     {{.name = "limit",
       .type = KS_WORD_VALUES,
       .summary = "N m, N: what they are clipped to",
       .initial = "1",
       .most = 1,
       .positive = true},
      {.name = "bodies", .type = KS_WORD_NAMES, .summary = "default: all", .optional = true, .of = mjOBJ_BODY}}},
    {"contact",
     KS_WORD_REWARD,
     "how many of some bodies and geoms touch something",
     "",
     "sum(body_contact{bodies}) | sum(geom_contact{geoms})",
     {BODIES, GEOMS}},
    {"slip",
     KS_WORD_REWARD,
     "sum of squares of how fast feet move along the ground while they touch it",
     "m^2/s^2",
     "sum(square(geom_slip{geoms}))",
     {GEOMS}},
    /* ---- when it ends */
    {"height",
     KS_WORD_TERMINATION,
     "a body is too low or too high",
     "",
     "body_pos{body}[2] < {below} | body_pos{body}[2] > {above}",
     {NUMBER("below", "m: it ends below this height"), NUMBER("above", "m: it ends above this one"), BODY}},
    {"tilt",
     KS_WORD_TERMINATION,
     "a body leans further than an angle",
     "",
     "upright{body} < cos({above})",
     {NUMBER("above", "rad from upright, 0 to pi"), BODY}},
    {"contact",
     KS_WORD_TERMINATION,
     "one of some bodies and geoms touches something",
     "",
     "any(body_contact{bodies}) | any(geom_contact{geoms})",
     {BODIES, GEOMS}},
    {"distance",
     KS_WORD_TERMINATION,
     "a body is too far from a place, or has reached it",
     "",
     "norm(body_pos{body}{target.part} - {target}) < {below} | norm(body_pos{body}{target.part} - {target}) > {above}",
     {{.name = "target",
       .type = KS_WORD_VALUES,
       .summary = "m: one value is x alone, two are x and y, three x, y and z",
       .initial = "0 0",
       .most = 3},
      NUMBER("below", "m: it ends closer than this"),
      NUMBER("above", "m: it ends further away"),
      BODY}},
    {"joint_pos",
     KS_WORD_TERMINATION,
     "a joint is below or above a position",
     "",
     "any(joint_pos{joints} < {below}) | any(joint_pos{joints} > {above})",
     {JOINTS, NUMBER("below", "rad, m: it ends below this position"),
      NUMBER("above", "rad, m: it ends above this one")}},
    {"joint_vel",
     KS_WORD_TERMINATION,
     "a joint is too fast",
     "",
     "any(abs(joint_vel{joints}) > {above})",
     {JOINTS, NUMBER("above", "rad/s, m/s: it ends above this speed")}},
};
enum { NUM_WORDS = sizeof WORDS / sizeof *WORDS };

size_t ks_word_count(void) {
    return NUM_WORDS;
}

const ks_word* ks_word_at(size_t index) {
    assert(index < NUM_WORDS);
    return &WORDS[index];
}

int ks_word_num_settings(const ks_word* word) {
    int count = 0;
    while (count < KS_WORD_SETTINGS && word->settings[count].name) {
        count++;
    }
    return count;
}

const ks_word* ks_word_find(ks_word_use use, const char* name, ks_error* err) {
    const ks_word* nearest = NULL;
    size_t shortest = SIZE_MAX;
    for (size_t i = 0; i < NUM_WORDS; i++) {
        if (WORDS[i].use != use) {
            continue;
        }
        size_t distance = ks_edit_distance(name, WORDS[i].name);
        if (distance < shortest) {
            shortest = distance;
            nearest = &WORDS[i];
        }
    }
    if (nearest && strcmp(nearest->name, name) == 0) {
        return nearest;
    }
    ks_fail(err, KS_BAD_INPUT, "there is no %s \"%.60s\"; the nearest is \"%s\"",
            use == KS_WORD_REWARD ? "reward" : "termination", name, nearest->name);
    return NULL;
}
