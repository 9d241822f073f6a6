/* The words that an environment's file may use, from the tables that read them. */
#include "cli/terms.h"

#include "envs/distribution.h"
#include "envs/dynamics.h"
#include "envs/mujoco_names.h"
#include "envs/quantity.h"
#include "envs/words.h"

#include <stdio.h>

static void print_quantities(void) {
    printf("quantities: observations (`- joint_pos: [knee]`), and in expressions (`joint_pos(knee)`)\n");
    for (size_t i = 0; i < ks_quantity_kind_count(); i++) {
        const ks_quantity_kind* k = ks_quantity_kind_at(i);
        printf("  %-20s %-10s %-10s %s\n", k->name, k->of == mjOBJ_UNKNOWN ? "" : ks_mujoco_object_word(k->of), k->unit,
               k->summary);
        printf("  %-20s %s; %s\n", "", k->shape, k->source);
    }
}

static void print_words(ks_word_use use, const char* title) {
    printf("\n%s\n", title);
    for (size_t i = 0; i < ks_word_count(); i++) {
        const ks_word* w = ks_word_at(i);
        if (w->use != use) {
            continue;
        }
        printf("  %-20s %s\n", w->name, w->summary);
        for (int s = 0; s < ks_word_num_settings(w); s++) {
            const ks_word_setting* t = &w->settings[s];
            printf("  %-20s   %s: %s%s%s%s\n", "", t->name, t->summary, t->initial ? " (default " : "",
                   t->initial ? t->initial : "", t->initial ? ")" : "");
        }
    }
}

static void print_dynamics(void) {
    static const char* const MODES[] = {"factor", "value", "added"};
    printf("\nrandomize (`- mass: {bodies: torso, factor: {uniform: [0.5, 2]}}`)\n");
    for (size_t i = 0; i < ks_dynamics_kind_count(); i++) {
        const ks_dynamics_kind* k = ks_dynamics_kind_at(i);
        printf("  %-20s %s\n  %-20s   ", k->name, k->summary, "");
        const char* between = "";
        for (int m = 0; m < 3; m++) {
            if (k->modes & (1 << m)) {
                printf("%s%s %g to %g%s%s", between, MODES[m], k->lowest[m], k->highest[m], m && *k->unit ? " " : "",
                       m ? k->unit : "");
                between = "; ";
            }
        }
        printf(k->of == mjOBJ_UNKNOWN ? "\n" : "; of each %s\n", ks_mujoco_object_word(k->of));
    }
}

void ks_cli_print_terms(void) {
    print_quantities();
    print_words(KS_WORD_REWARD, "rewards (`- track_lin_vel: {target: velocity, weight: 1}`)");
    print_words(KS_WORD_TERMINATION, "terminations (`- height: {below: 0.2}`)");
    print_dynamics();
    printf("\nhow numbers are drawn\n");
    for (int i = 0; i < KS_DISTRIBUTION_KINDS; i++) {
        printf("  %-20s %s\n", ks_distribution_word((ks_distribution_kind)i),
               ks_distribution_numbers((ks_distribution_kind)i));
    }
}
