/* child_place: the places of children, which each holds until it is reaped. So there is a bound on those that cannot be. */
#ifndef RDMA_AGENTX_CHILD_PLACE_H
#define RDMA_AGENTX_CHILD_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child_place;

/* A place for a child of this command, a number that all children of the same command have. NULL if there is none, with
 * the pid of a child of that command that cannot be killed, or 0 if children of others have all places. */
struct child_place *child_place_take(uint64_t command, pid_t *stuck);

/* Gives back the place of a child that was not started, or that somebody else has reaped. */
void child_place_return(struct child_place *place);

/* Kills the child's process group, reaps the child and gives its place back. False if it is not dead soon: then it is
 * reaped later. The child must not have been reaped yet, or its number could be another's. */
bool child_place_end(struct child_place *place, pid_t pid);

/* Reaps what could not be reaped before; returns how many are left. */
int child_place_reap(void);

#endif
