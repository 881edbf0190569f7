/* history: what a single reading cannot tell: that a state has changed, that a counter has fallen, how many errors have
 * come. Compares each reading with what it knows and writes what it notices into the rows. Time is a parameter. */
#ifndef RDMA_AGENTX_HISTORY_H
#define RDMA_AGENTX_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "port/port.h"

struct history;

struct history *history_new(void);
void history_free(struct history *history);

/* Notes the devices of one refresh, which are sorted by strcmp of their names, and fills registered,
 * counter_discontinuity and the ports' history. uptime is sysUpTime, in hundredths of a second. Devices that are not
 * among them are forgotten; a stalled one must be, as a husk. */
void history_note(struct history *history, struct device **devices, size_t count, int64_t uptime);

/* sysUpTime has started again: every time noted before is 0 from now on (RFC 2579, TimeStamp). */
void history_forget_times(struct history *history);

#endif
