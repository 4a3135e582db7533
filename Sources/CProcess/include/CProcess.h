#pragma once

#include <spawn.h>

/// The variables of this process, as a new one is given them.
char **pc_environment(void);

/// Makes a pipe that no other process inherits: the end to read first.
int pc_pipe(int *ends);

/// Removes a folder with all that is in it; what a link leads to stays.
void pc_remove_tree(const char *path);

/// Has the new process begin in a directory.
int pc_spawn_in(posix_spawn_file_actions_t *actions, const char *directory);

/// Keeps files that this process has open from the new one, those from a number on.
int pc_spawn_close_from(posix_spawn_file_actions_t *actions, int first);
