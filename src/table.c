#include "config.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/agent/sysORTable.h>

#include "table.h"

#include "answer.h"

/* Exported by libnetsnmpagent, declared in none of the headers it installs (agent/mibgroup/agentx/client.h). */
extern int agentx_add_agentcaps(netsnmp_session *session, const oid *name, size_t length, const char *description);
extern int agentx_register(netsnmp_session *session, oid start[], size_t length, int priority, int range_subid,
                           oid range_ubound, int timeout, u_char flags, const char *context);

enum { DEFAULT_PRIORITY = 127 }; /* RFC 2741, 6.2.3 */

static oid root[] = {OID_ROOT};
static const char capability[] =
    "State and counters of the RDMA ports of this host (RDMA-PORT-MIB)"; /* in sysORTable */

/* What follows the root in a name; false if the name does not begin with it. */
static bool suffix_of(const netsnmp_variable_list *varbind, uint32_t *suffix, size_t *length)
{
    size_t n = varbind->name_length;

    if (n < OID_LENGTH(root) || n > MAX_OID_LEN ||
        netsnmp_oid_equals(varbind->name, OID_LENGTH(root), root, OID_LENGTH(root)) != 0)
        return false;
    *length = n - OID_LENGTH(root);
    for (size_t i = 0; i < *length; i++)
        suffix[i] = (uint32_t)varbind->name[OID_LENGTH(root) + i];
    return true;
}

/* --- Encoding --- */

static void put_integer(netsnmp_variable_list *varbind, const struct value *value)
{
    long number = (long)(int64_t)value->number;

    snmp_set_var_typed_value(varbind, ASN_INTEGER, &number, sizeof(number));
}

static void put_unsigned(netsnmp_variable_list *varbind, u_char type, const struct value *value)
{
    u_long number = (u_long)value->number;

    snmp_set_var_typed_value(varbind, type, &number, sizeof(number));
}

static void put_counter64(netsnmp_variable_list *varbind, const struct value *value)
{
    struct counter64 number = {.high = (u_long)(value->number >> 32), .low = (u_long)(value->number & UINT32_MAX)};

    snmp_set_var_typed_value(varbind, ASN_COUNTER64, &number, sizeof(number));
}

static void put_value(netsnmp_variable_list *varbind, const struct value *value)
{
    switch (value->type) {
    case SMI_INTEGER:
        put_integer(varbind, value);
        break;
    case SMI_GAUGE:
        put_unsigned(varbind, ASN_GAUGE, value);
        break;
    case SMI_COUNTER32:
        put_unsigned(varbind, ASN_COUNTER, value);
        break;
    case SMI_TIMESTAMP:
        put_unsigned(varbind, ASN_TIMETICKS, value);
        break;
    case SMI_COUNTER64:
        put_counter64(varbind, value);
        break;
    case SMI_TEXT:
        snmp_set_var_typed_value(varbind, ASN_OCTET_STR, value->text, strlen(value->text));
        break;
    }
}

static void put_name(netsnmp_variable_list *varbind, const struct snapshot *snapshot, const struct answer *answer)
{
    uint32_t suffix[SNAPSHOT_INDEX_MAX];
    size_t length = answer_name(snapshot, answer, suffix);
    oid name[MAX_OID_LEN];

    memcpy(name, root, sizeof(root));
    for (size_t i = 0; i < length; i++)
        name[OID_LENGTH(root) + i] = suffix[i];
    snmp_set_var_objid(varbind, name, OID_LENGTH(root) + length);
}

/* --- Answering --- */

static void answer_one_get(const struct snapshot *snapshot, const struct agent_state *agent,
                           netsnmp_request_info *request)
{
    uint32_t suffix[MAX_OID_LEN];
    struct answer answer;
    size_t length;
    enum answer_result result = ANSWER_NO_OBJECT;

    if (suffix_of(request->requestvb, suffix, &length))
        result = answer_get(snapshot, agent, suffix, length, &answer);
    if (result == ANSWER_FOUND)
        put_value(request->requestvb, &answer.value);
    else
        netsnmp_request_set_error(request, result == ANSWER_NO_OBJECT ? SNMP_NOSUCHOBJECT : SNMP_NOSUCHINSTANCE);
}

/* At the end the varbind is left alone: so Net-SNMP knows that there is nothing more here. */
static void answer_one_getnext(const struct snapshot *snapshot, const struct agent_state *agent,
                               netsnmp_request_info *request)
{
    uint32_t suffix[MAX_OID_LEN];
    struct answer answer;
    size_t length = 0;

    if (!suffix_of(request->requestvb, suffix, &length) &&
        snmp_oid_compare(request->requestvb->name, request->requestvb->name_length, root, OID_LENGTH(root)) > 0)
        return;
    if (!answer_next(snapshot, agent, suffix, length, &answer))
        return;
    put_name(request->requestvb, snapshot, &answer);
    put_value(request->requestvb, &answer.value);
}

static int handle(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
                  netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
    struct cache *cache = handler->myvoid;
    const struct snapshot *snapshot;
    const struct agent_state *agent;

    (void)registration;
    if (info->mode != MODE_GET && info->mode != MODE_GETNEXT) {
        netsnmp_request_set_error_all(requests, SNMP_ERR_NOTWRITABLE);
        return SNMP_ERR_NOERROR;
    }
    snapshot = cache_snapshot(cache);
    agent = cache_agent(cache);
    for (netsnmp_request_info *request = requests; request; request = request->next) {
        if (request->processed)
            continue;
        if (info->mode == MODE_GET)
            answer_one_get(snapshot, agent, request);
        else
            answer_one_getnext(snapshot, agent, request);
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
