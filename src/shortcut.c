#include "config.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "shortcut.h"

#include "answer.h"
#include "log.h"
#include "varbind.h"

/* RFC 2741, 6.1 and 6.2: Net-SNMP installs no header with them. */
enum {
    AGENTX_GET = 5,
    AGENTX_GETNEXT = 6,
    AGENTX_RESPONSE = 18,
    AGENTX_NON_DEFAULT_CONTEXT = 1 << 3,
    AGENTX_NETWORK_BYTE_ORDER = 1 << 4,
};

/* What a GetNext asks between, as Net-SNMP's parser leaves it in a varbind: the type says whether the first name is
 * meant too, the value is the name that the answer must come before (agent/mibgroup/agentx/protocol.c). None of this
 * is in the library's documented interface: hence the versions that it was proven with, which are those of Debian 12,
 * 13 and sid. */
static const char *const proven[] = {"5.9.3", "5.9.4.pre2", "5.9.5.2"};

/* There is one session in a process. */
static struct {
    struct cache *cache;
    netsnmp_callback normal; /* what Net-SNMP itself does with a message */
} shortcut;

/* --- What can be answered here --- */

static bool has_range(const netsnmp_variable_list *varbind)
{
    static const oid none[] = {0, 0};

    return (varbind->type == ASN_PRIV_INCL_RANGE || varbind->type == ASN_PRIV_EXCL_RANGE) &&
           varbind->val_len >= sizeof(none) && memcmp(varbind->val.objid, none, sizeof(none)) != 0;
}

static bool is_ours(const netsnmp_session *session, const netsnmp_pdu *pdu)
{
    uint32_t suffix[SNAPSHOT_INDEX_MAX];
    size_t length;

    if ((pdu->command != AGENTX_GET && pdu->command != AGENTX_GETNEXT) || pdu->sessid != session->sessid ||
        pdu->flags & AGENTX_NON_DEFAULT_CONTEXT || !pdu->variables)
        return false;
    for (const netsnmp_variable_list *varbind = pdu->variables; varbind; varbind = varbind->next_variable)
        if (!varbind_suffix(varbind, suffix, &length) || (pdu->command == AGENTX_GETNEXT && !has_range(varbind)))
            return false;
    return true;
}

/* --- Answering: the varbinds of the request become those of the response --- */

static void answer_one_get(const struct snapshot *snapshot, const struct agent_state *agent,
                           netsnmp_variable_list *varbind)
{
    uint32_t suffix[SNAPSHOT_INDEX_MAX];
    struct answer answer;
    size_t length = 0;
    enum answer_result result;

    varbind_suffix(varbind, suffix, &length);
    result = answer_get(snapshot, agent, suffix, length, &answer);
    if (result == ANSWER_FOUND)
        varbind_put_value(varbind, &answer);
    else
        snmp_set_var_typed_value(varbind, result == ANSWER_NO_OBJECT ? SNMP_NOSUCHOBJECT : SNMP_NOSUCHINSTANCE, NULL,
                                 0);
}

static bool is_beyond_range(const netsnmp_variable_list *varbind)
{
    return snmp_oid_compare(varbind->name, varbind->name_length, varbind->val.objid, varbind->val_len / sizeof(oid)) >=
           0;
}

/* At the end the name is that of the request: RFC 2741, 7.2.3.2. */
static void answer_one_getnext(const struct snapshot *snapshot, const struct agent_state *agent,
                               netsnmp_variable_list *varbind)
{
    uint32_t suffix[SNAPSHOT_INDEX_MAX];
    struct answer answer;
    size_t length = 0;
    bool found;

    varbind_suffix(varbind, suffix, &length);
    found = (varbind->type == ASN_PRIV_INCL_RANGE &&
             answer_get(snapshot, agent, suffix, length, &answer) == ANSWER_FOUND) ||
            answer_next(snapshot, agent, suffix, length, &answer);
    if (found) {
        varbind_put_name(varbind, snapshot, &answer);
        if (!is_beyond_range(varbind)) {
            varbind_put_value(varbind, &answer);
            return;
        }
        varbind_put_suffix(varbind, suffix, length);
    }
    snmp_set_var_typed_value(varbind, SNMP_ENDOFMIBVIEW, NULL, 0);
}

static void respond(netsnmp_session *session, netsnmp_pdu *request)
{
    netsnmp_pdu *response = snmp_pdu_create(AGENTX_RESPONSE);
    const struct snapshot *snapshot = cache_snapshot(shortcut.cache);
    const struct agent_state *agent = cache_agent(shortcut.cache);

    if (!response)
        return; /* as Net-SNMP does when memory is out: snmpd asks again */
    response->version = session->version;
    response->errstat = response->errindex = 0;
    response->flags |= request->flags & AGENTX_NETWORK_BYTE_ORDER;
    response->sessid = request->sessid;
    response->transid = request->transid;
    response->reqid = request->reqid;
    response->variables = request->variables;
    request->variables = NULL;
    for (netsnmp_variable_list *varbind = response->variables; varbind; varbind = varbind->next_variable) {
        if (request->command == AGENTX_GET)
            answer_one_get(snapshot, agent, varbind);
        else
            answer_one_getnext(snapshot, agent, varbind);
    }
    if (!snmp_send(session, response))
        snmp_free_pdu(response);
}

static int on_message(int operation, netsnmp_session *session, int request_id, netsnmp_pdu *pdu, void *context)
{
    if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || !pdu || !is_ours(session, pdu))
        return shortcut.normal(operation, session, request_id, pdu, context);
    respond(session, pdu);
    return 1;
}

/* --- For the session --- */

bool shortcut_is_proven(const char *version)
{
    for (size_t i = 0; i < sizeof(proven) / sizeof(proven[0]); i++)
        if (strcmp(version, proven[i]) == 0)
            return true;
    return false;
}

bool shortcut_is_wanted(enum shortcut_use use)
{
    if (use != SHORTCUT_AUTO)
        return use == SHORTCUT_ON;
    if (shortcut_is_proven(netsnmp_get_version()))
        return true;
    log_info("no short cut for requests: it was not proven with this version of Net-SNMP",
             LOG_TEXT("version", netsnmp_get_version()));
    return false;
}

void shortcut_take(void *opened, struct cache *cache)
{
    netsnmp_session *session = opened;

    shortcut.cache = cache;
    shortcut.normal = session->callback;
    session->callback = on_message;
}
