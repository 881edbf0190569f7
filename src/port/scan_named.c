#include "port/scan_port.h"

#include <stdlib.h>
#include <string.h>

#include "mib/index.h"
#include "port/catalogue.h"
#include "base/memory.h"
#include "kernel/sysfs.h"

/* Names while they are listed. */
struct listing {
    struct counter_names *names;
    size_t room, longest;
};

static bool add_name(void *context, const char *text)
{
    struct listing *listing = context;
    struct counter_names *names = listing->names;
    struct counter_name *name;

    if (!index_is_name(text, listing->longest)) {
        if (names->not_served++ == 0)
            sysfs_parse_text(text, strlen(text), names->rejected, sizeof(names->rejected));
        return true;
    }
    if (names->count == listing->room) {
        listing->room = listing->room * 2 + 32;
        names = listing->names = memory_resize(names, 1, sizeof(*names) + listing->room * sizeof(names->name[0]));
    }
    name = &names->name[names->count++];
    *name = (struct counter_name){.length = (uint8_t)strlen(text), .kind = (uint8_t)catalogue_kind(text)};
    memcpy(name->text, text, name->length);
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct counter_name *x = a, *y = b;

    return index_compare_texts(x->text, x->length, y->text, y->length);
}

/* mlx5 (Linux 5.16 and later) refreshes its whole set only when this file is read; the others then cost nothing. */
static size_t first_to_read(const struct counter_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->name[i].text, "rx_write_requests") == 0)
            return i;
    return 0;
}

void scan_named_init(struct scan_named *named, const struct scan_pass *pass, const char *path, size_t longest)
{
    struct listing listing = {.names = memory_new(1, sizeof(*listing.names)), .longest = longest};
    int error = sysfs_list(pass->device, path, add_name, &listing);

    *named = (struct scan_named){0};
    atomic_init(&listing.names->owners, 1);
    if (error) {
        counter_names_put(listing.names);
        return;
    }
    qsort(listing.names->name, listing.names->count, sizeof(listing.names->name[0]), compare);
    named->names = listing.names;
    scan_directory_init(&named->directory, path, named->names->count);
    named->directory.first = first_to_read(named->names);
}

void scan_named_fini(struct scan_named *named, atomic_int *held)
{
    scan_directory_fini(&named->directory, held);
    counter_names_put(named->names);
    named->names = NULL;
}

/* Where the values of one directory go. */
struct sink {
    const struct driver_traits *traits;
    struct named_counters *values;
    const int8_t *slots;
    struct counters *columns;
};

static const char *name_of(void *context, size_t i)
{
    return ((struct sink *)context)->values->names->name[i].text;
}

static void store(void *context, size_t i, uint64_t value)
{
    struct sink *sink = context;

    if (value == UINT64_MAX && sink->traits->ones_mean_absent)
        return; /* an answer all the same: the device is well, it has no such number */
    sink->values->value[i] = value;
    sink->values->present[i] = true;
    if (sink->slots && sink->slots[i] >= 0) {
        sink->columns->value[sink->slots[i]] = value;
        sink->columns->present |= UINT64_C(1) << sink->slots[i];
    }
}

size_t scan_named_read(struct scan_pass *pass, struct scan_named *named, const struct driver_traits *traits,
                       struct named_counters *values, const int8_t *slots, struct counters *columns)
{
    struct sink sink = {.traits = traits, .values = values, .slots = slots, .columns = columns};

    named_counters_init(values, named->names);
    if (!named->names)
        return 0;
    return scan_directory_read(pass, &named->directory,
                               &(struct scan_values){.name = name_of, .store = store, .context = &sink});
}
