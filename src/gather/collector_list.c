#include "gather/collector_list.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "mib/index.h"

static char *copy_of(const char *text)
{
    char *copy = memory_new(strlen(text) + 1, 1);

    return strcpy(copy, text);
}

bool collector_matches(const char *globs, const char *name)
{
    char *copy = copy_of(globs), *rest = copy, *glob;
    bool matches = false;

    while (!matches && (glob = strsep(&rest, ", ")))
        matches = fnmatch(glob, name, 0) == 0;
    free(copy);
    return matches;
}

bool collector_wants(const char *include, const char *exclude, const char *name)
{
    return (!include || collector_matches(include, name)) && !(exclude && collector_matches(exclude, name));
}

struct listing {
    const struct collector_settings *settings;
    struct collector_names *names;
    size_t room;
};

static bool add(void *context, const char *name)
{
    struct listing *listing = context;
    struct collector_names *names = listing->names;

    if (!collector_wants(listing->settings->include, listing->settings->exclude, name))
        return true;
    if (!index_is_name(name, COLLECTOR_NAME_SIZE - 1)) {
        if (names->not_served++ == 0)
            names->rejected = copy_of(name);
        return true;
    }
    if (names->count == listing->room) {
        listing->room = listing->room * 2 + 16;
        names->name = memory_resize(names->name, listing->room, sizeof(*names->name));
    }
    strcpy(names->name[names->count++], name);
    return true;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

void collector_list(const struct collector_settings *settings, struct collector_names *names)
{
    struct listing listing = {.settings = settings, .names = names};

    *names = (struct collector_names){0};
    names->error = settings->source.list(settings->source.context, add, &listing);
    if (names->count > 0)
        qsort(names->name, names->count, sizeof(*names->name), compare);
}

void collector_names_fini(struct collector_names *names)
{
    free(names->name);
    free(names->rejected);
    *names = (struct collector_names){0};
}
