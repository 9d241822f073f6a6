/* last_word.h: what the command says when a library ends the process. Internal to this room.
 *
 * Where memory is short, the OpenMP library and MuJoCo call exit, and MuJoCo's compiler of models and the OpenGL driver call abort
 * (an exception of C++ that nobody can catch from C). None of them lets us turn that into an error. They print a line of their own,
 * and then the one of ours follows, and the exit code 1. Drivers of OpenGL do not even look whether they got the memory that they
 * asked for, and crash. */
#ifndef KS_CLI_LAST_WORD_H
#define KS_CLI_LAST_WORD_H

/* From now on an end that is not main's return is told. Call once, at the start. */
void ks_cli_last_word(void);
/* From now on a crash is told in a line, too: for commands that draw. */
void ks_cli_last_word_of_drivers(void);
/* The end that comes is our own. */
void ks_cli_last_word_not_needed(void);

#endif
