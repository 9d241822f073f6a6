/* file_parts.h: the parts of an environment's file, each read into a ks_file_env whose model is loaded already. Internal to this room.
 *
 * Each takes the whole file's mapping and looks for its own key. All return false with r->err filled. */
#ifndef KS_ENVS_FILE_PARTS_H
#define KS_ENVS_FILE_PARTS_H

#include "base/file_yaml.h"
#include "envs/file_env.h"

/* In this order: expressions know the task's numbers, the start is what actions may be centred on. */
bool ks_file_read_start(const ks_file_reader* r, ks_file_env* env, const yaml_node_t* file);
bool ks_file_read_actions(const ks_file_reader* r, ks_file_env* env, const yaml_node_t* file);
bool ks_file_read_task(const ks_file_reader* r, ks_file_env* env, const yaml_node_t* file);
bool ks_file_read_observations(const ks_file_reader* r, ks_file_env* env, const yaml_node_t* file);
bool ks_file_read_rewards(const ks_file_reader* r, ks_file_env* env, const yaml_node_t* file);
bool ks_file_read_terminations(const ks_file_reader* r, ks_file_env* env, const yaml_node_t* file);
bool ks_file_read_look(const ks_file_reader* r, ks_file_env* env, const yaml_node_t* file);

#endif
