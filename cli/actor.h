/* actor.h: an opened policy as the theatre takes it. Internal to this room. */
#ifndef KS_CLI_ACTOR_H
#define KS_CLI_ACTOR_H

#include "cli/cli.h"
#include "viewer/theatre.h"

/* It points into the policy. lr: the text of --lr, or NULL: kept step sizes, or the protocol's. Errors: KS_BAD_INPUT. */
bool ks_cli_actor(ks_theatre_policy* actor, const ks_cli_policy* policy, const char* lr, ks_error* err);

#endif
