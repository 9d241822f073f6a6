#include "cli/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool ks_cli_live(FILE* file) {
    const char* term = getenv("TERM");
    const char* plain = getenv("NO_COLOR");
    return isatty(fileno(file)) && term && *term && strcmp(term, "dumb") != 0 && !(plain && *plain);
}

size_t ks_cli_width(FILE* file) {
    struct winsize size;
    return ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void ks_cli_tell(FILE* file, const char* text) {
    struct pollfd look = {.fd = fileno(file), .events = POLLOUT};
    if (poll(&look, 1, 0) == 1 && (look.revents & POLLOUT)) {
        fputs(text, file);
        fflush(file);
    }
    clearerr(file);
}

void ks_cli_duration(char* out, size_t room, double s) {
    if (s < 100) {
        snprintf(out, room, "%.0f s", s);
    } else if (s < 6000) {
        snprintf(out, room, "%.0f min", s / 60);
    } else {
        snprintf(out, room, "%.1f h", s / 3600);
    }
}

void ks_cli_open_standard_streams(void) {
    for (int fd = 0; fd < 3; fd++) {
        /* the lowest free descriptor is this one; without a /dev/null a folder serves: nothing is read from it or written to it */
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) {
            (void)!open("/", O_RDONLY);
        }
    }
}

bool ks_cli_silence_output(ks_error* err) {
    fflush(stdout);
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0;
    int why = errno;
    if (fd >= 0) {
        close(fd);
    }
    return ok || ks_fail(err, KS_FAILED, "--quiet: /dev/null: %s", strerror(why));
}

bool ks_cli_reader_gone(FILE* file) {
    struct pollfd look = {.fd = fileno(file), .events = POLLOUT};
    return poll(&look, 1, 0) == 1 && (look.revents & (POLLERR | POLLHUP));
}
