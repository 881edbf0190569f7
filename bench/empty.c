/* empty: the smallest subagent there is with Net-SNMP's libraries: a session with the master, and nothing in it. What
 * it takes in memory is what those libraries take.
 *
 *   empty SOCKET
 */
#include "config.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <infiniband/verbs.h>
#include <stdbool.h>

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: empty SOCKET\n");
        return 2;
    }
    setenv("MIBS", "", 1);
    /* Keeps the linker from leaving out the library that rdma-agentx is linked to as well. */
    if (argc == 0)
        ibv_free_device_list(NULL);
    netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_ROLE, 1);
    netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, argv[1]);
    init_agent("empty");
    init_snmp("empty");
    while (true)
        agent_check_and_process(1);
}
