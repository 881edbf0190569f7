/* table: the MIB as Net-SNMP asks for it. One registration at the root; a request's name is compared, never decoded,
 * and answered from the cache's snapshot. */
#ifndef RDMA_AGENTX_TABLE_H
#define RDMA_AGENTX_TABLE_H

#include "port/cache.h"

/* Registers the MIB with the agent library. cache must outlive the registration. False if the library refuses. */
bool table_register(struct cache *cache);

/* The root as text, "1.3.6.1.4.1.8072.9999.9999.4791". */
const char *table_root(void);

/* Registers the root once more with the master that session is connected to: what Net-SNMP does not do by itself when
 * the master refused the first time. True if it is registered now. session is a netsnmp_session. */
bool table_register_again(void *session);

/* Adds the MIB to the sysORTable of the master that session has been opened to anew. session is a netsnmp_session. */
void table_announce(void *session);

#endif
