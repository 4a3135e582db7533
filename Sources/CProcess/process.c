// What Swift cannot see of the C library: a variable that is not constant, and extensions of GNU.
#define _GNU_SOURCE

#include "CProcess.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

char **pc_environment(void) { return environ; }

int pc_pipe(int *ends) { return pipe2(ends, O_CLOEXEC); }

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place) {
  (void)status;
  (void)kind;
  (void)place;
  // What cannot be removed stays, and the folder with it.
  (void)remove(path);
  return 0;
}

void pc_remove_tree(const char *path) { (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

int pc_spawn_in(posix_spawn_file_actions_t *actions, const char *directory) {
  return posix_spawn_file_actions_addchdir_np(actions, directory);
}

int pc_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}
