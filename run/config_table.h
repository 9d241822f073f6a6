/* config_table.h: the table of a config's settings, for the files of this room that read and print configs; `whole` is a
 * ks_config. */
#ifndef KS_RUN_CONFIG_TABLE_H
#define KS_RUN_CONFIG_TABLE_H

#include "base/settings.h"

extern const ks_settings_table ks_config_table; /* at most KS_SETTINGS_MAX rows */

#endif
