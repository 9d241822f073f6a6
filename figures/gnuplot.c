#include "figures/gnuplot.h"

#include "base/atomic_file.h"
#include "base/child.h"
#include "base/number.h"
#include "base/whole.h"
#include "figures/fonts.h"

#include <stdio.h>
#include <string.h>

/* A kind of figure. Pixels per cm and the scales make all three look alike: 8 points where 1 cm is 28.35 points. */
typedef struct format {
    const char* suffix;
    const char* terminal;    /* printf format: width, height */
    double unit;             /* of width and height, per cm */
    bool letters;            /* are drawn here, not by the reader: one that no font has spoils all (gnuplot 5.4) */
    const char *begin, *end; /* a whole file begins with the one and ends with the other */
} format;

static const format FORMATS[] = {
    {".svg",
     "set terminal svg noenhanced size %.0f,%.0f fixed dynamic font 'DejaVu Sans,16' linewidth 1.6 dashlength 1.2 "
     "background 'white'\n",
     56.7, false, "<?xml", "</svg>"},
    {".png",
     "set terminal pngcairo noenhanced size %.0f,%.0f font 'DejaVu Sans,8' fontscale 3.125 linewidth 3.2 "
     "pointscale 3.2 dashlength 1.2\n",
     118.1, true, ks_png_begin, ks_png_end},
    {".pdf",
     "set terminal pdfcairo noenhanced size %.2fcm,%.2fcm font 'DejaVu Sans,8' fontscale 0.75 linewidth 1.2 pointscale "
     "0.8 dashlength 1.2\n",
     1, true, "%PDF", "%%EOF"},
};
enum { NUM_FORMATS = sizeof FORMATS / sizeof *FORMATS };

static const format* find_format(const char* output) {
    size_t length = strlen(output);
    for (int i = 0; i < NUM_FORMATS; i++) {
        size_t suffix = strlen(FORMATS[i].suffix);
        const char* name = strrchr(output, '/') ? strrchr(output, '/') + 1 : output;
        if (strlen(name) > suffix && strcmp(output + length - suffix, FORMATS[i].suffix) == 0) {
            return &FORMATS[i];
        }
    }
    return NULL;
}

bool ks_gnuplot_check_output(const char* output, ks_error* err) {
    return find_format(output) || ks_fail(err, KS_BAD_INPUT, "%s: a figure's name ends in .svg, .png or .pdf", output);
}

typedef struct drawing {
    const format* format;
    double width, height;
    const char* script;
    const volatile sig_atomic_t* stop;
    ks_error err; /* what ks_write_file cannot know */
} drawing;

/* a complaint without its `line 12:`, and without the marks below what is wrong */
static const char* words(const char* line) {
    const char* text = strstr(line, " line ");
    const char* colon = text ? strchr(text, ':') : NULL;
    text = colon ? colon + 1 : line;
    return text + strspn(text, " ^\t");
}

static bool draw(void* user, FILE* file) {
    static const char* const ARGV[] = {"gnuplot", "-d", NULL}; /* -d: nobody's own settings */
    drawing* d = user;
    ks_child_settings settings = {
        .argv = ARGV,
        .out = fileno(file),
        .out_as = 1,
        .missing = "gnuplot is not installed: it draws the figures (Debian: gnuplot-nox)",
        .failed = "gnuplot failed (tested: version 5.4, Debian's gnuplot-nox)",
        .words = words,
        .stop = d->stop,
    };
    ks_child child;
    char terminal[256];
    ks_snprintf(terminal, sizeof terminal, d->format->terminal, d->width * d->format->unit,
                d->height * d->format->unit);
    if (!ks_child_start(&child, &settings, &d->err)) {
        return false;
    }
    /* if not all arrives, gnuplot has failed, and says why */
    (void)(ks_child_send(&child, terminal, strlen(terminal)) && ks_child_send(&child, d->script, strlen(d->script)));
    return ks_child_finish(&child, &d->err) &&
           (ks_whole_between(settings.out, d->format->begin, d->format->end) ||
            ks_fail(&d->err, KS_FAILED, "gnuplot could not write all of the figure: is the disk full?"));
}

bool ks_gnuplot_draw(const char* output, bool overwrite, double width, double height, const char* script,
                     const volatile sig_atomic_t* stop, ks_error* err) {
    drawing d = {.format = find_format(output), .width = width, .height = height, .script = script, .stop = stop};
    if (!d.format) {
        return ks_gnuplot_check_output(output, err);
    }
    if (d.format->letters && !ks_fonts_have(script, stop, err)) {
        return ks_fail_in(err, output);
    }
    if (ks_write_file(output, overwrite, draw, &d, err)) {
        return true;
    }
    return d.err.code == KS_OK ? false : ks_fail(err, d.err.code, "%s: %s", output, d.err.text);
}
