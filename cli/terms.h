/* terms.h: `kshot envs --terms`. Internal to this room. */
#ifndef KS_CLI_TERMS_H
#define KS_CLI_TERMS_H

/* Prints the words that an environment's file may use. */
void ks_cli_print_terms(void);

#endif
