/* loop: a turn of the main loop: waits for snmpd, for Net-SNMP's timers and for what else there is, and has each dealt
 * with. */
#ifndef RDMA_AGENTX_LOOP_H
#define RDMA_AGENTX_LOOP_H

#include <poll.h>
#include <stddef.h>

enum { LOOP_MOST_OTHERS = 16 }; /* descriptors that are not Net-SNMP's */

void loop_init(void);
void loop_fini(void);

/* One turn: waits at most so many ms (-1: for ever), answers what snmpd asks, and runs Net-SNMP's timers. Sets revents of
 * the other descriptors, of which -1 are ignored. */
void loop_turn(struct pollfd *others, size_t count, int longest);

#endif
