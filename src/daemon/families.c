#include "daemon/families.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "port/ports.h"
#include "status/status.h"

static const struct family *const families[] = {
    &port_family,
    &status_family,
};

const struct family *const *families_all(size_t *count)
{
    *count = sizeof(families) / sizeof(families[0]);
    return families;
}

static size_t find(const struct family *const *all, size_t count, const char *name, size_t length)
{
    size_t i = 0;

    while (i < count && (strlen(all[i]->name) != length || strncmp(all[i]->name, name, length) != 0))
        i++;
    return i;
}

/* "port ethernet" */
static void list_names(const struct family *const *all, size_t count, char *text, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < count && n < size; i++)
        if (!all[i]->is_forced || i == 0)
            n += (size_t)snprintf(text + n, size - n, " %s", all[i]->name);
}

bool families_choose(const struct family *const *all, size_t count, const char *list, bool *on, char *error,
                     size_t size)
{
    bool adds = list && list[0] == '+', takes = list && list[0] == '-';

    for (size_t i = 0; i < count; i++)
        on[i] = all[i]->is_forced || ((!list || adds || takes) && all[i]->is_default);
    for (const char *name = list ? list + (adds || takes) : ""; *name;) {
        size_t length = strcspn(name, ","), i = find(all, count, name, length);

        if (i == count || (takes && all[i]->is_forced)) {
            char names[128] = "";

            list_names(all, count, names, sizeof(names));
            if (i == count)
                snprintf(error, size, "--families: \"%.*s\" is none of%s", (int)length, name, names);
            else
                snprintf(error, size, "--families: %s cannot be taken away: unasked it reads nothing", all[i]->name);
            return false;
        }
        on[i] = !takes;
        name += length + (name[length] == ',');
    }
    return true;
}

bool families_start(const struct family *const *all, size_t count, const bool *on,
                    const struct family_settings *settings, struct family_run *runs)
{
    for (size_t i = 0; i < count; i++)
        runs[i] = (struct family_run){.family = all[i]};
    for (size_t i = 0; i < count; i++) {
        struct family_settings own = *settings;

        if (!on[i])
            continue;
        own.runs = runs;
        own.run_count = count;
        own.notifies = settings->notifies && all[i]->notifier;
        runs[i].notifies = own.notifies;
        runs[i].state = all[i]->start(&own);
        if (runs[i].state)
            continue;
        log_error("cannot start a thread", LOG_TEXT("error", strerror(errno)));
        families_stop(runs, count);
        return false;
    }
    return true;
}

void families_stop(struct family_run *runs, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        if (runs[i].state)
            runs[i].family->stop(runs[i].state);
        runs[i].state = NULL;
    }
}
