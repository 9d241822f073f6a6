/* colors.h: the colours that stand for numbers of gradient steps, wherever they are drawn. Thread rule: pure functions. */
#ifndef KS_VIEWER_COLORS_H
#define KS_VIEWER_COLORS_H

/* Red, green and blue from 0 to 1, after so many steps. */
void ks_step_color(float rgb[3], int steps);

#endif
