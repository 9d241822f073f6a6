/* Source: the evaluation data that the authors published with "Model-Agnostic Meta-Learning for Fast Adaptation of Deep
 * Networks" (ICML 2017), from which its figures 4 and 5 (section 5.3, appendix A.2) are drawn: mean undiscounted return over
 * 40 test tasks. Their pretrained policies saw one goal per sampling worker, hardly all tasks. */
#include "figures/paper_returns.h"

#include <string.h>

static const ks_paper_returns PAPER[] = {
    {"point",
     {{"maml", 3, {-40.41, -11.68, -3.33, -3.23}},
      {"pretrain", 3, {-40.81, -19.73, -11.72, -8.47}},
      {"random", 3, {-82.66, -57.96, -53.84, -46.81}},
      {"oracle", 0, {-2.29}}}},
    {"half-cheetah-vel",
     {{"maml", 3, {-129.53, -78.57, -66.62, -60.78}},
      {"pretrain", 3, {-158.00, -135.39, -128.47, -133.61}},
      {"random", 3, {-254.83, -254.33, -246.79, -230.83}},
      {"oracle", 0, {-54.47}}}},
    {"half-cheetah-dir",
     {{"maml", 3, {-50.69, 293.19, 313.48, 315.65}},
      {"pretrain", 3, {-43.03, -24.75, -12.85, 19.57}},
      {"random", 3, {-35.73, 21.83, 62.32, 86.18}},
      {"oracle", 0, {442.69}}}},
    {"ant-vel",
     {{"maml", 3, {30.58, 96.74, 100.06, 101.41}},
      {"pretrain", 3, {-1.83, 6.11, 8.47, 9.47}},
      {"random", 3, {-78.64, -62.81, -48.55, -35.56}},
      {"oracle", 0, {107.89}}}},
    {"ant-dir",
     {{"maml", 3, {8.66, 499.15, 500.68, 499.11}},
      {"pretrain", 3, {3.16, 1.27, 6.51, 6.86}},
      {"random", 3, {3.11, 9.25, 15.96, 26.11}},
      {"oracle", 0, {524.80}}}},
};

const ks_paper_returns* ks_paper_find(const char* domain, ks_error* err) {
    const char* name = strncmp(domain, "gym/", 4) == 0 ? domain + 4 : domain;
    for (size_t i = 0; i < sizeof PAPER / sizeof *PAPER; i++) {
        if (strcmp(PAPER[i].domain, name) == 0) {
            return &PAPER[i];
        }
    }
    ks_fail(err, KS_BAD_INPUT,
            "the paper has no '%s'; it has point, half-cheetah-vel, half-cheetah-dir, ant-vel and ant-dir", domain);
    return NULL;
}
