/* table: the families' modules as Net-SNMP asks for them: a registration for each at its objects; a request's names are
 * compared, never decoded, and answered from what serve has. */
#ifndef RDMA_AGENTX_TABLE_H
#define RDMA_AGENTX_TABLE_H

#include "mib/mib.h"
#include "snmp/serve.h"

/* One registration. All zero: it was not made yet. */
struct table_registration {
    const struct mib *mib;
    int family;       /* its place in serve */
    void *registered; /* netsnmp_handler_registration */
};

/* Registers a module with the agent library, which tells the master if there is one. serve must outlive it. False if the
 * library refuses. */
bool table_register(struct table_registration *registration, const struct mib *mib, struct serve *serve);

/* Takes it back. */
void table_unregister(struct table_registration *registration);

/* Registers it once more with the master that session is connected to: what Net-SNMP does not do by itself when the master
 * refused the first time. True if it is registered now. session is a netsnmp_session. */
bool table_register_again(const struct table_registration *registration, void *session);

/* Adds the module to the sysORTable of the master that session has been opened to anew. session is a netsnmp_session. */
void table_announce(const struct table_registration *registration, void *session);

/* The root as text, "1.3.6.1.4.1.8072.9999.9999.4791". */
const char *table_root(void);

#endif
