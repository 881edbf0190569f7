/* child_spawn: starts an executable that gets nothing of this process but two pipes. */
#ifndef RDMA_AGENTX_CHILD_SPAWN_H
#define RDMA_AGENTX_CHILD_SPAWN_H

#include <sys/types.h>

struct child_process {
    pid_t pid;          /* and its process group */
    int output, errors; /* to read from, without blocking: its standard output and standard error */
    const char *wanted; /* what it could not be started for, if it is not the executable; else NULL */
};

/* Starts argv[0] and fills in the process, whose descriptors the caller closes. 0, or -errno and nothing is left. */
int child_spawn(char *const *argv, struct child_process *process);

#endif
