#include "mib/named.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct counter_names *counter_names_get(struct counter_names *names)
{
    if (names)
        atomic_fetch_add(&names->owners, 1);
    return names;
}

void counter_names_put(struct counter_names *names)
{
    if (names && atomic_fetch_sub(&names->owners, 1) == 1)
        free(names);
}

void named_counters_init(struct named_counters *named, struct counter_names *names)
{
    *named = (struct named_counters){.names = counter_names_get(names)};
    if (!names)
        return;
    named->value = memory_new(names->count, sizeof(*named->value));
    named->present = memory_new(names->count, sizeof(*named->present));
}

void named_counters_fini(struct named_counters *named)
{
    counter_names_put(named->names);
    free(named->value);
    free(named->present);
    *named = (struct named_counters){0};
}

void named_counters_forget(struct named_counters *named)
{
    if (named->names)
        memset(named->present, 0, named->names->count * sizeof(*named->present));
}
