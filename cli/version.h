/* version.h: `kshot --version`. Internal to this room. Thread rule: the main thread. */
#ifndef KS_CLI_VERSION_H
#define KS_CLI_VERSION_H

#include <stdio.h>

/* The first line is "kshot VERSION"; those below say what was built, and what it runs on. */
void ks_version_print(FILE* out);
/* The day of the commit, YYYY-MM-DD, or "". */
const char* ks_version_date(void);

#endif
