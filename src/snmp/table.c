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

static const oid root[] = {OID_ROOT};

enum { ROOT_LENGTH = OID_LENGTH(root), MOST_NUMBERS = ROOT_LENGTH + MIB_PATH_MAX };

/* Where the objects of a module are, or the module itself. */
static size_t name_objects(const struct mib *mib, oid *name)
{
    memcpy(name, root, sizeof(root));
    for (size_t i = 0; i < mib->path_length; i++)
        name[ROOT_LENGTH + i] = mib->path[i];
    return ROOT_LENGTH + mib->path_length;
}

static size_t name_module(const struct mib *mib, oid *name)
{
    return name_objects(mib, name) - 1;
}

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
        snmp_oid_compare(request->requestvb->name, request->requestvb->name_length, root, ROOT_LENGTH) > 0)
        return;
    if (!answer_next(look, suffix, length, &answer))
        return;
    varbind_put_name(request->requestvb, look, &answer);
    varbind_put_value(request->requestvb, &answer);
}

/* Net-SNMP hands a handler the varbinds of its registration only. */
static int handle(netsnmp_mib_handler *handler, netsnmp_handler_registration *registered,
                  netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
    struct serve *serve = handler->myvoid;
    int family = ((const struct table_registration *)registered->my_reg_void)->family;
    const struct look *look;

    if (info->mode != MODE_GET && info->mode != MODE_GETNEXT) {
        netsnmp_request_set_error_all(requests, SNMP_ERR_NOTWRITABLE);
        return SNMP_ERR_NOERROR;
    }
    serve_begin(serve, (uint32_t)info->asp->pdu->transid);
    serve_ask(serve, family, info->mode == MODE_GET);
    serve_wait(serve);
    look = serve_look(serve, family);
    for (netsnmp_request_info *request = requests; request; request = request->next) {
        if (request->processed)
            continue;
        if (info->mode == MODE_GET)
            answer_one_get(look, request);
        else
            answer_one_getnext(look, request);
    }
    serve_end(serve);
    return SNMP_ERR_NOERROR;
}

bool table_register(struct table_registration *registration, const struct mib *mib, struct serve *serve)
{
    netsnmp_mib_handler *handler = netsnmp_create_handler(mib->name, handle);
    netsnmp_handler_registration *registered;
    oid name[MOST_NUMBERS];
    size_t length = name_objects(mib, name);

    if (!handler)
        return false;
    handler->myvoid = serve;
    registered = netsnmp_handler_registration_create(mib->name, handler, name, length, HANDLER_CAN_RONLY);
    if (!registered) {
        netsnmp_handler_free(handler);
        return false;
    }
    *registration = (struct table_registration){
        .mib = mib, .family = serve_find(serve, mib->path, mib->path_length), .registered = registered};
    registered->my_reg_void = registration;
    if (netsnmp_register_handler(registered) != MIB_REGISTERED_OK) {
        *registration = (struct table_registration){0};
        return false;
    }
    REGISTER_SYSOR_TABLE(name, name_module(mib, name), mib->description);
    return true;
}

void table_unregister(struct table_registration *registration)
{
    oid name[MOST_NUMBERS];

    if (!registration->registered)
        return;
    UNREGISTER_SYSOR_TABLE(name, name_module(registration->mib, name));
    netsnmp_unregister_handler(registration->registered);
    *registration = (struct table_registration){0};
}

bool table_register_again(const struct table_registration *registration, void *session)
{
    oid name[MOST_NUMBERS];

    return agentx_register(session, name, name_objects(registration->mib, name), DEFAULT_PRIORITY, 0, 0, 0, 0, NULL) ==
           1;
}

void table_announce(const struct table_registration *registration, void *session)
{
    oid name[MOST_NUMBERS];

    agentx_add_agentcaps(session, name, name_module(registration->mib, name), registration->mib->description);
}

const char *table_root(void)
{
    return OID_ROOT_TEXT;
}
