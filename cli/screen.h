/* screen.h: a terminal as a page that is drawn anew again and again, by plain escape sequences. Internal to this room.
 * Thread rule: the main thread. */
#ifndef KS_CLI_SCREEN_H
#define KS_CLI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

/* What standard output is. */
typedef struct ks_screen_kind {
    int columns, rows; /* of the terminal, else COLUMNS and LINES, else 80 and 24 */
    bool draws;        /* a terminal that can be drawn on */
    bool colour;       /* and takes colours (not with NO_COLOR) */
    bool ascii;        /* it has no letters but those of ASCII */
} ks_screen_kind;
ks_screen_kind ks_screen_look(void);

/* Takes the terminal: a page of its own, without a cursor, and keys as they are pressed. Leave gives it back as it was. */
void ks_screen_enter(void);
void ks_screen_leave(void);
/* Puts a frame whose lines end with KS_SCREEN_LINE_END. */
#define KS_SCREEN_LINE_END "\033[K\r\n"
void ks_screen_put(const char* frame, size_t length);

/* Waits for a key for at most that long: its letter; 0: none, -1: the terminal is gone. Ctrl-Z stops the program, and gives
 * KS_SCREEN_AGAIN when it goes on. */
enum { KS_SCREEN_AGAIN = 12 };
int ks_screen_key(int milliseconds);

#endif
