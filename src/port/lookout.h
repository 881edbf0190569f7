/* lookout: a thread that takes events as they come, so that what holds up the main loop does not hold up the kernel: a
 * device that is to go is closed even while Net-SNMP waits for an snmpd that hangs. */
#ifndef RDMA_AGENTX_LOOKOUT_H
#define RDMA_AGENTX_LOOKOUT_H

#include <stdbool.h>

#include "port/events.h"

struct lookout;

/* Until lookout_end events are that thread's alone. NULL with errno if it cannot be had. */
struct lookout *lookout_start(struct events *events);

/* Waits for the thread, which waits for nobody; events stay. */
void lookout_end(struct lookout *lookout);

/* Becomes readable when lookout_take has something to tell. */
int lookout_descriptor(const struct lookout *lookout);

/* True if, since the last call, something has happened for which the devices should be looked at. */
bool lookout_take(struct lookout *lookout);

#endif
