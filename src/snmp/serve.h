/* serve: what requests are answered from. Each family that a message asks is wished once, all of them are waited for until
 * one deadline, and what they have seen stays as it is until the message is answered. Of the main thread. */
#ifndef RDMA_AGENTX_SERVE_H
#define RDMA_AGENTX_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "family/family.h"

enum {
    /* snmpd waits 1 s for an answer, and then closes the session. */
    /* ms of a message; and, in vain, in any SERVE_WINDOW, whatever families are asked. A look at all devices takes 700 ms at
     * most (COLLECTOR_LONGEST_REFRESH), and some more until it is published. */
    SERVE_MOST_WAITING = 780,
    SERVE_WINDOW = 1500,      /* ms */
};

struct serve;

/* Serves the families that run. runs must outlive it; now is ms of the monotonic clock, NULL: the real one. */
struct serve *serve_new(const struct family_run *runs, size_t count, int64_t (*now)(void));
void serve_free(struct serve *serve);

/* The place in runs of the family that has the name: what follows the root begins with the path of its objects. -1: none
 * that runs has. */
int serve_find(const struct serve *serve, const uint32_t *suffix, size_t length);

/* The module of a family. */
const struct mib *serve_mib(const struct serve *serve, int family);

/* Begins a message of an SNMP request, of which there may be several: AgentX' transaction id says which. */
void serve_begin(struct serve *serve, uint32_t transaction);

/* The message has a name of this family. A Get asks it, and a GetNext that is the first of its request; that one which has
 * run over the end of another table does not. */
void serve_ask(struct serve *serve, int family, bool is_get);

/* Waits for the families that were asked, within what may be waited. To be called once, after all serve_ask. */
void serve_wait(struct serve *serve);

/* What the family has seen, the same until serve_end; without rows if it has seen nothing yet. */
const struct look *serve_look(struct serve *serve, int family);

/* The message is answered. */
void serve_end(struct serve *serve);

/* True if a family was waited for since the last call. */
bool serve_has_waited(struct serve *serve);

#endif
