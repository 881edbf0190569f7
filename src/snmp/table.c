#include "config.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/agent/sysORTable.h>

#include "snmp/table.h"

#include "snmp/varbind.h"

/* Exported by libnetsnmpagent, declared in none of the headers it installs (agent/mibgroup/agentx/client.h). */
extern int agentx_add_agentcaps(netsnmp_session *session, const oid *name, size_t length, const char *description);
extern int agentx_register(netsnmp_session *session, oid start[], size_t length, int priority, int range_subid,
                           oid range_ubound, int timeout, u_char flags, const char *context);

enum { DEFAULT_PRIORITY = 127 }; /* RFC 2741, 6.2.3 */

static oid root[] = {OID_ROOT};
static const char capability[] =
    "State and counters of the RDMA ports of this host (RDMA-PORT-MIB)"; /* in sysORTable */

static void answer_one_get(const struct look *look, netsnmp_request_info *request)
{
    uint32_t suffix[INDEX_MAX];
    struct answer answer;
    size_t length;
    enum answer_result result = ANSWER_NO_OBJECT;

    if (varbind_suffix(request->requestvb, suffix, &length))
        result = answer_get(look, suffix, length, &answer);
    if (result == ANSWER_FOUND)
        varbind_put_value(request->requestvb, &answer);
    else
        netsnmp_request_set_error(request, result == ANSWER_NO_OBJECT ? SNMP_NOSUCHOBJECT : SNMP_NOSUCHINSTANCE);
}

/* At the end the varbind is left alone: so Net-SNMP knows that there is nothing more here. */
static void answer_one_getnext(const struct look *look, netsnmp_request_info *request)
{
    uint32_t suffix[INDEX_MAX];
    struct answer answer;
    size_t length = 0;

    if (!varbind_suffix(request->requestvb, suffix, &length) &&
        snmp_oid_compare(request->requestvb->name, request->requestvb->name_length, root, OID_LENGTH(root)) > 0)
        return;
    if (!answer_next(look, suffix, length, &answer))
        return;
    varbind_put_name(request->requestvb, look, &answer);
    varbind_put_value(request->requestvb, &answer);
}

static int handle(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
                  netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
    struct cache *cache = handler->myvoid;
    struct look look;

    (void)registration;
    if (info->mode != MODE_GET && info->mode != MODE_GETNEXT) {
        netsnmp_request_set_error_all(requests, SNMP_ERR_NOTWRITABLE);
        return SNMP_ERR_NOERROR;
    }
    look = cache_look(cache);
    for (netsnmp_request_info *request = requests; request; request = request->next) {
        if (request->processed)
            continue;
        if (info->mode == MODE_GET)
            answer_one_get(&look, request);
        else
            answer_one_getnext(&look, request);
    }
    return SNMP_ERR_NOERROR;
}

bool table_register(struct cache *cache)
{
    netsnmp_mib_handler *handler = netsnmp_create_handler("rdmaPortMIB", handle);
    netsnmp_handler_registration *registration;

    if (!handler)
        return false;
    handler->myvoid = cache;
    registration =
        netsnmp_handler_registration_create("rdmaPortMIB", handler, root, OID_LENGTH(root), HANDLER_CAN_RONLY);
    if (!registration) {
        netsnmp_handler_free(handler);
        return false;
    }
    if (netsnmp_register_handler(registration) != MIB_REGISTERED_OK)
        return false;
    REGISTER_SYSOR_ENTRY(root, capability);
    return true;
}

bool table_register_again(void *session)
{
    return agentx_register(session, root, OID_LENGTH(root), DEFAULT_PRIORITY, 0, 0, 0, 0, NULL) == 1;
}

void table_announce(void *session)
{
    agentx_add_agentcaps(session, root, OID_LENGTH(root), capability);
}

const char *table_root(void)
{
    return OID_ROOT_TEXT;
}
