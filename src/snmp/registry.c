#include "config.h"

#include "snmp/registry.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "snmp/table.h"

struct entry {
    struct table_registration registration; /* registered is NULL: not yet */
    bool is_refused;
};

static struct {
    const struct family_run *runs;
    size_t count;
    struct serve *serve;
    struct entry *entries;
    char refusal[128]; /* of the registration under way; empty: there was none */
    bool is_refusal_told;
} registry;

void registry_init(const struct family_run *runs, size_t count, struct serve *serve)
{
    registry.runs = runs;
    registry.count = count;
    registry.serve = serve;
    registry.entries = memory_new(count, sizeof(*registry.entries));
}

void registry_note_refusal(const char *text)
{
    snprintf(registry.refusal, sizeof(registry.refusal), "%s", text);
}

bool registry_is_refused(void)
{
    for (size_t i = 0; i < registry.count; i++)
        if (registry.entries[i].is_refused)
            return true;
    return false;
}

/* One line for all families that another subagent serves. */
static void refuse(struct entry *entry)
{
    entry->is_refused = true;
    if (!registry.is_refusal_told)
        log_warn("snmpd refuses the MIB: another subagent serves it, or did until now; trying again",
                 LOG_TEXT("netsnmp", registry.refusal));
    registry.is_refusal_told = true;
}

static bool register_first(size_t i, void *master)
{
    struct entry *entry = &registry.entries[i];
    const struct mib *mib = registry.runs[i].family->mib;

    registry.refusal[0] = '\0';
    if (!table_register(&entry->registration, mib, registry.serve)) {
        log_error("Net-SNMP does not register the MIB", LOG_TEXT("root", table_root()));
        return false;
    }
    if (master && registry.refusal[0])
        refuse(entry);
    return true;
}

bool registry_turn(void *master)
{
    for (size_t i = 0; i < registry.count; i++) {
        const struct family_run *run = &registry.runs[i];

        if (run->state && !registry.entries[i].registration.registered &&
            (!run->family->is_ready || run->family->is_ready(run->state)) && !register_first(i, master))
            return false;
    }
    return true;
}

void registry_attach(void *master)
{
    registry.is_refusal_told = false;
    for (size_t i = 0; i < registry.count; i++) {
        struct entry *entry = &registry.entries[i];

        entry->is_refused = false;
        if (!entry->registration.registered)
            continue;
        if (!table_register_again(&entry->registration, master))
            refuse(entry);
        table_announce(&entry->registration, master);
    }
}

void registry_detach(void)
{
    for (size_t i = 0; i < registry.count; i++) {
        registry.entries[i].is_refused = false;
        if (!registry.entries[i].registration.registered || !registry.runs[i].family->is_ready)
            continue;
        table_unregister(&registry.entries[i].registration);
        registry.runs[i].family->not_ready(registry.runs[i].state);
    }
}

void registry_try_again(void *master)
{
    if (!registry_is_refused())
        return;
    for (size_t i = 0; i < registry.count; i++) {
        struct entry *entry = &registry.entries[i];

        if (entry->is_refused && table_register_again(&entry->registration, master))
            entry->is_refused = false;
    }
    if (registry_is_refused())
        return;
    registry.is_refusal_told = false;
    log_info("snmpd has registered the MIB");
}
