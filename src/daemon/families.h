/* families: which families there are, and which of them run. */
#ifndef RDMA_AGENTX_FAMILIES_H
#define RDMA_AGENTX_FAMILIES_H

#include <stdbool.h>
#include <stddef.h>

#include "family/family.h"

/* The families that this program was built with, in the order of their modules; *count is how many. */
const struct family *const *families_all(size_t *count);

/* Marks in on, one for each family, which ones a list names: "port,ethernet" those; one that begins with + adds to the
 * default, one that begins with - takes away; NULL: the default. False with a message for the user in error if a name is
 * none, or one is taken away that cannot be. */
bool families_choose(const struct family *const *families, size_t count, const char *list, bool *on, char *error,
                     size_t size);

/* Starts those that are on; runs has one for each. False after logging which does not start; the others are stopped. */
bool families_start(const struct family *const *families, size_t count, const bool *on,
                    const struct family_settings *settings, struct family_run *runs);
void families_stop(struct family_run *runs, size_t count);

#endif
