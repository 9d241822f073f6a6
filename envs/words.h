/* words.h: rewards and terminations by the words that the field uses: track_lin_vel, action_rate, height, …
 *
 * One table (words.c), one row a word: what it is, its settings, and the expression (envs/expression.h) that it
 * stands for. In the end every reward and every termination is an expression: words are short for it, and can do
 * nothing that an expression cannot.
 *
 * Expressions name quantities (envs/quantity.h) and numbers of the task, and beside them `action` and `last_action`:
 * of the step just taken, and of the one before it.
 *
 * Thread rule: the table is constant; expanding is pure. */
#ifndef KS_ENVS_WORDS_H
#define KS_ENVS_WORDS_H

#include "base/error.h"

#include <mujoco/mujoco.h>
#include <stdbool.h>
#include <stddef.h>

/* A reward and a termination may have the same name. */
typedef enum ks_word_use { KS_WORD_REWARD, KS_WORD_TERMINATION } ks_word_use;

typedef enum ks_word_type {
    KS_WORD_VALUES, /* numbers, or names of numbers of the task */
    KS_WORD_NAMES,  /* names or patterns of objects of the model, as quantities take them */
    KS_WORD_CHOICE, /* one of several texts */
} ks_word_type;

typedef struct ks_word_setting {
    const char* name; /* "std" */
    ks_word_type type;
    const char* summary; /* one line */
    const char* initial; /* what it is if nobody says, with blanks between several values; NULL: nothing */
    bool optional;       /* has no initial, and may be left out; others without one are needed, or one of several is */
    int most;            /* values or names that it may have; 0: any number */
    bool positive;       /* numbers must be above 0 */
    mjtObj of;           /* of NAMES: mjOBJ_BODY, … */
    const char* choices; /* of CHOICE: "body= yaw=_yaw world=_w", each with what it stands for in the expression */
} ks_word_setting;

enum { KS_WORD_SETTINGS = 4 };

typedef struct ks_word {
    const char* name; /* "track_lin_vel" */
    ks_word_use use;
    const char* summary;                        /* one line */
    const char* unit;                           /* of what it gives; "" if none */
    const char* text;                           /* the expression, with places for settings (word_expand.c) */
    ks_word_setting settings[KS_WORD_SETTINGS]; /* the first without a name ends them */
} ks_word;

/* In the order shown to people, rewards first. */
size_t ks_word_count(void);
const ks_word* ks_word_at(size_t index);
/* Errors: KS_BAD_INPUT that shows the nearest. */
const ks_word* ks_word_find(ks_word_use use, const char* name, ks_error* err);
/* How many settings it has. */
int ks_word_num_settings(const ks_word* word);

/* A setting that somebody made: one value as `std: 0.5` has it, or several, as `target: [vx, vy]`. */
typedef struct ks_word_given {
    const char* name;
    const char* const* values; /* (count) texts */
    int count;
} ks_word_given;

enum { KS_WORD_ROOM = 2048 }; /* enough for any but very long lists of names */

/* Writes the expression that the word stands for with these settings. Errors: KS_BAD_INPUT, one line that begins
 * with the word: a setting that it does not have (the nearest shown) or has twice, a value that cannot be, one that
 * is missing; too long for `room`. */
bool ks_word_expand(char* out, size_t room, const ks_word* word, const ks_word_given* given, int num_given,
                    ks_error* err);

#endif
