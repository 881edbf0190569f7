#include "config.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "snmp/notify.h"

#include <string.h>

#include "base/absent.h"
#include "base/clock.h"
#include "base/log.h"
#include "mib/notification.h"
#include "snmp/session.h"
#include "snmp/varbind.h"

enum { ARC_NOTIFICATIONS = 0 };

static struct {
    const struct family_run *runs; /* NULL while nothing is to be sent */
    size_t count;
    size_t next;                   /* family that has its turn */
    const struct family_run *from; /* whose notice is on its way to snmpd; NULL: none is */
    struct family_notice notice;
} notify;

void notify_start(const struct family_run *runs, size_t count)
{
    notify.runs = runs;
    notify.count = count;
}

/* --- Sending --- */

static void on_answer(bool delivered)
{
    const struct family_run *from = notify.from;

    if (!from)
        return;
    notify.from = NULL;
    from->family->notifier->told(from->state, &notify.notice, delivered, clock_ms());
}

void notify_end(void)
{
    if (notify.from)
        on_answer(false);
    notify.runs = NULL;
}

/* Adds a varbind at the end of the list; NULL if memory is out. */
static netsnmp_variable_list *append(netsnmp_variable_list **list)
{
    static const oid none[] = {0, 0};

    return snmp_varlist_add_variable(list, none, OID_LENGTH(none), ASN_NULL, NULL, 0);
}

/* Where the module's notifications are, beside its objects: snmpTrapOID.0 says which it is (RFC 3416, 4.2.6). */
static netsnmp_variable_list *name_notification(const struct family_notice *notice)
{
    static const oid trap_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};
    const struct mib *mib = notice->look.view->mib;
    uint32_t suffix[MIB_PATH_MAX + 1];
    netsnmp_variable_list *list = NULL, named = {0};

    memcpy(suffix, mib->path, mib->path_length * sizeof(*suffix));
    suffix[mib->path_length - 1] = ARC_NOTIFICATIONS;
    suffix[mib->path_length] = notice->notification->number;
    varbind_put_suffix(&named, suffix, mib->path_length + 1);
    snmp_varlist_add_variable(&list, trap_oid, OID_LENGTH(trap_oid), ASN_OBJECT_ID, named.name,
                              named.name_length * sizeof(oid));
    snmp_reset_var_buffers(&named);
    return list;
}

static netsnmp_variable_list *list_variables(const struct family_notice *notice)
{
    struct answer answers[NOTIFICATION_MOST_OBJECTS];
    size_t count = notification_fill(notice->notification, &notice->look, notice->index, notice->index_length, answers);
    netsnmp_variable_list *list = name_notification(notice);

    for (size_t i = 0; i < count; i++) {
        netsnmp_variable_list *varbind = append(&list);

        if (!varbind)
            break;
        varbind_put_name(varbind, &notice->look, &answers[i]);
        varbind_put_value(varbind, &answers[i]);
    }
    return list;
}

static void send_notice(const struct family_run *run)
{
    const struct family_notice *notice = &notify.notice;

    notify.from = run;
    if (!session_notify(list_variables(notice), on_answer)) {
        on_answer(false);
        return;
    }
    if (notice->port == ABSENT)
        log_info("notification", LOG_TEXT("name", notice->notification->name), LOG_TEXT("device", notice->device));
    else
        log_info("notification", LOG_TEXT("name", notice->notification->name), LOG_TEXT("device", notice->device),
                 LOG_NUMBER("port", notice->port));
}

/* --- The families that notify --- */

static bool notifies(const struct family_run *run)
{
    return run->state && run->notifies;
}

static bool may_send(void)
{
    return !notify.from && session_socket() >= 0;
}

size_t notify_descriptors(struct pollfd *wanted, size_t count, size_t room)
{
    for (size_t i = 0; notify.runs && i < notify.count && count < room; i++) {
        const struct family_run *run = &notify.runs[i];

        if (notifies(run))
            wanted[count++] = (struct pollfd){.fd = run->family->notifier->descriptor(run->state), .events = POLLIN};
    }
    return count;
}

int64_t notify_wait(void)
{
    int64_t first = -1;

    for (size_t i = 0; notify.runs && i < notify.count; i++) {
        const struct family_run *run = &notify.runs[i];
        int64_t wait = notifies(run) ? run->family->notifier->wait(run->state, may_send(), clock_ms()) : -1;

        if (wait >= 0 && (first < 0 || wait < first))
            first = wait;
    }
    return first;
}

/* Families take turns: a storm of one does not keep the others waiting. */
void notify_run(void)
{
    for (size_t i = 0; notify.runs && i < notify.count; i++)
        if (notifies(&notify.runs[i]))
            notify.runs[i].family->notifier->turn(notify.runs[i].state, clock_ms());
    for (size_t i = 0; notify.runs && i < notify.count && may_send(); i++) {
        const struct family_run *run = &notify.runs[(notify.next + i) % notify.count];

        if (!notifies(run) || !run->family->notifier->next(run->state, clock_ms(), &notify.notice))
            continue;
        notify.next = (notify.next + i + 1) % notify.count;
        send_notice(run);
    }
}
