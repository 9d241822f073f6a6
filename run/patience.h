/* patience.h: what becomes of a training that gains nothing more on validation tasks (validate_patience, validate_recoveries).
 * Thread rule: pure. */
#ifndef KS_RUN_PATIENCE_H
#define KS_RUN_PATIENCE_H

#include "run/checkpoint.h"
#include "run/config.h"

typedef enum ks_verdict {
    KS_GO_ON,
    KS_GO_BACK, /* to the best model (ks_run_state_go_back), and on from there */
    KS_GIVE_UP,
} ks_verdict;

/* Whether patience is over: as many looks in a row as validate_patience says found nothing better than the best, or than what training
 * last went back to. It goes back validate_recoveries times before it gives up. */
ks_verdict ks_patience_judge(const ks_config* config, const ks_run_state* state);

enum { KS_PATIENCE_TEXT = 320 };
/* What to tell people of it, after it was done. */
void ks_patience_text(char text[KS_PATIENCE_TEXT], ks_verdict verdict, const ks_config* config,
                      const ks_run_state* state);

#endif
