/* fonts.h: whether letters can be drawn here. Thread rule: reentrant. */
#ifndef KS_FIGURES_FONTS_H
#define KS_FIGURES_FONTS_H

#include "base/error.h"

#include <signal.h>

/* Every character of a text (UTF-8) is in a font of this machine, as far as fontconfig's fc-list knows; without it, nothing is known, and
 * all is well. stop: as in ks_figure. Errors: KS_FAILED naming the first character that is in none. */
bool ks_fonts_have(const char* text, const volatile sig_atomic_t* stop, ks_error* err);

#endif
