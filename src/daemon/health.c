#include "daemon/health.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/log.h"
#include "base/trouble.h"

static const struct {
    const char *text;
    enum log_level level;
} healths[] = {
    [HEALTH_LEVEL_OK] = {"health is ok", LOG_LEVEL_INFO},
    [HEALTH_LEVEL_DEGRADED] = {"health is degraded", LOG_LEVEL_WARN},
    [HEALTH_LEVEL_FAILED] = {"health is failed", LOG_LEVEL_ERROR},
};

enum health_level health_level(enum source_status status)
{
    switch (status) {
    case SOURCE_STATUS_PARTIAL:
    case SOURCE_STATUS_REFUSED:
    case SOURCE_STATUS_STALLED:
    case SOURCE_STATUS_STALE:
        return HEALTH_LEVEL_DEGRADED;
    case SOURCE_STATUS_FAILED:
        return HEALTH_LEVEL_FAILED;
    case SOURCE_STATUS_OK:
    case SOURCE_STATUS_ABSENT:
    case SOURCE_STATUS_NEVER:
    case SOURCE_STATUS_UNSUPPORTED:
    case SOURCE_STATUS_ASLEEP:
    case SOURCE_STATUS_OFF:
        break;
    }
    return HEALTH_LEVEL_OK;
}

enum health_level health_describe(const struct family_run *runs, size_t count, char *text, size_t size)
{
    enum health_level worst = HEALTH_LEVEL_OK;
    bool is_first = true;

    *text = '\0';
    for (size_t i = 0; i < count; i++) {
        struct family_state state;
        enum health_level level;

        if (!runs[i].state || !runs[i].family->describe)
            continue;
        runs[i].family->describe(runs[i].state, &state);
        level = health_level((enum source_status)state.status);
        if (is_first)
            snprintf(text, size, "%s", state.reason);
        else if (level > worst)
            snprintf(text, size, "%s: %s", runs[i].family->name, state.reason);
        if (level > worst)
            worst = level;
        is_first = false;
    }
    return worst;
}

void health_note(struct health *health, enum health_level level, const char *text, int64_t now)
{
    bool is_worse = (int64_t)level > health->told;

    if ((int64_t)level >= health->told)
        health->last = now;
    if ((int64_t)level == health->told || (!is_worse && now - health->last < TROUBLE_WHILE))
        return;
    log_line(healths[level].level, healths[level].text, LOG_TEXT("status", text));
    health->told = (int64_t)level;
    health->last = now;
}
