#define _GNU_SOURCE /* strcasestr */
#include "cli/screen.h"

#include "base/number.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { IN = STDIN_FILENO, OUT = STDOUT_FILENO, CTRL_Z = 26, MOST = 1000 };

/* the terminal as it was; of the process, as the terminal is */
static struct termios before;
static bool entered, has_keys;

static bool is_set(const char* name) {
    const char* value = getenv(name);
    return value && *value;
}

static int size_from(const char* name, int otherwise) {
    int64_t value;
    return is_set(name) && ks_parse_int(getenv(name), 1, MOST, &value) ? (int)value : otherwise;
}

/* Where the locale says so; one that says nothing is no reason. The kernel's console has no Braille. */
static bool is_ascii(const char* term) {
    const char* locale = is_set("LC_ALL") ? getenv("LC_ALL") : is_set("LC_CTYPE") ? getenv("LC_CTYPE") : getenv("LANG");
    return strcmp(term, "linux") == 0 ||
           (locale && *locale && !strcasestr(locale, "utf-8") && !strcasestr(locale, "utf8"));
}

ks_screen_kind ks_screen_look(void) {
    const char* term = is_set("TERM") ? getenv("TERM") : "dumb";
    struct winsize size = {0};
    bool terminal = isatty(OUT);
    ks_screen_kind kind = {.draws = terminal && strcmp(term, "dumb") != 0, .ascii = is_ascii(terminal ? term : "")};
    kind.colour = kind.draws && !is_set("NO_COLOR");
    if (terminal && ioctl(OUT, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        kind.columns = size.ws_col < MOST ? size.ws_col : MOST;
        kind.rows = size.ws_row < MOST ? size.ws_row : MOST;
    } else {
        kind.columns = size_from("COLUMNS", 80);
        kind.rows = size_from("LINES", 24);
    }
    return kind;
}

static void write_all(const char* text, size_t length) {
    while (length > 0) {
        ssize_t done = write(OUT, text, length);
        if (done < 0 && errno != EINTR && errno != EAGAIN) {
            return; /* the terminal is gone, which ks_screen_key says */
        }
        text += done > 0 ? done : 0;
        length -= done > 0 ? (size_t)done : 0;
    }
}

static void write_text(const char* text) {
    write_all(text, strlen(text));
}

void ks_screen_enter(void) {
    has_keys = tcgetattr(IN, &before) == 0;
    if (has_keys) {
        struct termios raw = before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
        raw.c_cc[VMIN] = 0;
        raw.c_cc[VTIME] = 0;
        tcsetattr(IN, TCSANOW, &raw);
    }
    write_text("\033[?1049h\033[?25l\033[2J"); /* a page of its own; no cursor */
    entered = true;
}

void ks_screen_leave(void) {
    if (!entered) {
        return;
    }
    write_text("\033[0m\033[?25h\033[?1049l");
    if (has_keys) {
        tcsetattr(IN, TCSANOW, &before);
    }
    entered = false;
}

void ks_screen_put(const char* frame, size_t length) {
    write_text("\033[?2026h\033[H"); /* shown at once, where the terminal knows how */
    write_all(frame, length);
    write_text("\033[J\033[?2026l");
}

static void stop_and_go_on(void) {
    ks_screen_leave();
    raise(SIGTSTP);
    ks_screen_enter();
}

int ks_screen_key(int milliseconds) {
    struct pollfd look = {.fd = has_keys ? IN : -1, .events = POLLIN};
    int n = poll(&look, 1, milliseconds);
    if (n <= 0) {
        return 0;
    }
    char key;
    ssize_t got = read(IN, &key, 1);
    if (got <= 0) {
        return got < 0 && (errno == EINTR || errno == EAGAIN) ? 0 : -1;
    }
    if (key == CTRL_Z) {
        stop_and_go_on();
        return KS_SCREEN_AGAIN;
    }
    return (unsigned char)key;
}
