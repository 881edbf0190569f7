/* notify: hands snmpd one notification of a family after the other. There is one in a process. */
#ifndef RDMA_AGENTX_NOTIFY_H
#define RDMA_AGENTX_NOTIFY_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "family/family.h"

/* For those of these families that notify; without it, the functions below do nothing and want nothing. runs must outlive
 * notify_end. */
void notify_start(const struct family_run *runs, size_t count);
void notify_end(void);

/* Adds to wanted what becomes readable when notify_run should be called; returns how many there are now. */
size_t notify_descriptors(struct pollfd *wanted, size_t count, size_t room);

/* Milliseconds until notify_run should be called if nothing else happens before; -1: for ever. */
int64_t notify_wait(void);

/* Has the families look if it is time to, and sends what is due and snmpd is ready for. To be called in each round of the
 * main loop. */
void notify_run(void);

#endif
