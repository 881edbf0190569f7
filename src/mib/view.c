#include "mib/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "mib/named.h"

/* --- Making one --- */

void view_init(struct view *view, const struct mib *mib)
{
    *view = (struct view){.mib = mib};
}

void view_fini(struct view *view)
{
    for (size_t i = 0; i < MIB_MOST_SETS; i++) {
        free(view->sets[i].bundles);
        free(view->sets[i].keys);
    }
}

void view_reserve(struct view *view, unsigned set, size_t records, size_t numbers)
{
    view->sets[set].bundles = memory_new(records, sizeof(struct bundle));
    view->sets[set].keys = memory_new(numbers, sizeof(uint32_t));
}

void view_add(struct view *view, unsigned set, const void *record, const uint32_t *key, size_t key_length)
{
    struct rows *rows = &view->sets[set];

    memcpy(rows->keys + rows->used, key, key_length * sizeof(*key));
    rows->bundles[rows->count++] =
        (struct bundle){.record = record, .key = rows->keys + rows->used, .key_length = key_length};
    rows->used += key_length;
}

static int compare_bundles(const void *a, const void *b)
{
    const struct bundle *x = a, *y = b;

    return index_compare(x->key, x->key_length, y->key, y->key_length);
}

void view_sort(struct view *view, unsigned set)
{
    if (view->sets[set].count > 0)
        qsort(view->sets[set].bundles, view->sets[set].count, sizeof(struct bundle), compare_bundles);
}

static const struct counter_set *counters_of(const struct table *table, const struct bundle *bundle)
{
    return (const void *)((const char *)bundle->record + table->counters);
}

void view_finish(struct view *view)
{
    for (size_t i = 0; i < view->mib->table_count; i++) {
        const struct table *table = &view->mib->tables[i];
        const struct rows *rows = &view->sets[table->set];

        for (size_t j = 0; table->counters && j < rows->count; j++)
            view->present[i] |= counters_of(table, &rows->bundles[j])->present;
    }
}

/* --- Looking into one --- */

bool view_may_have(const struct view *view, const struct table *table, const struct column *column)
{
    if (column->source != SOURCE_COUNTER)
        return column->source != SOURCE_INDEX;
    return view->present[table->arc - 1] >> column->slot & 1;
}

/* The named counters that are the members of a bundle. */
static const struct counter_names *bundle_names(const struct bundle *bundle, const struct table *table)
{
    const struct named_counters *named = (const void *)((const char *)bundle->record + table->members);

    return named->names;
}

static size_t member_count(const struct bundle *bundle, const struct table *table)
{
    const struct counter_names *names;

    if (table->shape != TABLE_MEMBERS)
        return 1;
    names = bundle_names(bundle, table);
    return names ? names->count : 0;
}

/* The first bundle whose rows do not all sort before index, which is the one that index points into or the next. */
static size_t first_bundle(const struct rows *rows, const uint32_t *index, size_t length)
{
    size_t low = 0, high = rows->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct bundle *bundle = &rows->bundles[middle];
        size_t n = length < bundle->key_length ? length : bundle->key_length;

        if (index_compare(bundle->key, bundle->key_length, index, n) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* True if index begins with the bundle's key. */
static bool points_into(const struct bundle *bundle, const uint32_t *index, size_t length)
{
    return length >= bundle->key_length &&
           index_compare(bundle->key, bundle->key_length, index, bundle->key_length) == 0;
}

static int compare_name(const struct counter_name *name, const uint32_t *rest, size_t length)
{
    uint32_t key[COUNTER_NAME_SIZE + 1];

    return index_compare(key, index_put_text(key, name->text, name->length), rest, length);
}

/* The first member that does not sort before rest; *exact says whether it is equal. */
static size_t first_member(const struct bundle *bundle, const struct table *table, const uint32_t *rest, size_t length,
                           bool *exact)
{
    size_t low = 0, high = member_count(bundle, table);

    if (table->shape != TABLE_MEMBERS) {
        *exact = length == 0;
        return length == 0 ? 0 : 1;
    }
    *exact = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_name(&bundle_names(bundle, table)->name[middle], rest, length);

        if (order == 0)
            *exact = true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The cursor's row, or the first one behind it where the cursor is past its bundle's end. */
static bool settle(const struct view *view, const struct table *table, struct cursor *cursor)
{
    const struct rows *rows = &view->sets[table->set];

    for (; cursor->bundle < rows->count; cursor->bundle++, cursor->member = 0)
        if (cursor->member < member_count(&rows->bundles[cursor->bundle], table))
            return true;
    return false;
}

bool view_find(const struct view *view, const struct table *table, const uint32_t *index, size_t length,
               struct cursor *cursor)
{
    const struct rows *rows = &view->sets[table->set];
    size_t at = first_bundle(rows, index, length);
    const struct bundle *bundle = &rows->bundles[at];
    bool exact;

    if (at == rows->count || !points_into(bundle, index, length))
        return false;
    cursor->bundle = at;
    cursor->member = first_member(bundle, table, index + bundle->key_length, length - bundle->key_length, &exact);
    return exact;
}

bool view_next(const struct view *view, const struct table *table, const uint32_t *index, size_t length,
               struct cursor *cursor)
{
    const struct rows *rows = &view->sets[table->set];
    bool exact;

    *cursor = (struct cursor){.bundle = first_bundle(rows, index, length)};
    if (cursor->bundle < rows->count && points_into(&rows->bundles[cursor->bundle], index, length)) {
        const struct bundle *bundle = &rows->bundles[cursor->bundle];

        cursor->member = first_member(bundle, table, index + bundle->key_length, length - bundle->key_length, &exact);
        cursor->member += exact;
    }
    return settle(view, table, cursor);
}

bool view_advance(const struct view *view, const struct table *table, struct cursor *cursor)
{
    cursor->member++;
    return settle(view, table, cursor);
}

struct row view_row(const struct view *view, const struct table *table, struct cursor cursor)
{
    return (struct row){.record = view->sets[table->set].bundles[cursor.bundle].record, .member = cursor.member};
}

size_t view_index(const struct view *view, const struct table *table, struct cursor cursor, uint32_t *index)
{
    const struct bundle *bundle = &view->sets[table->set].bundles[cursor.bundle];
    size_t length = bundle->key_length;

    memcpy(index, bundle->key, length * sizeof(*index));
    if (table->shape == TABLE_MEMBERS) {
        const struct counter_name *name = &bundle_names(bundle, table)->name[cursor.member];

        length += index_put_text(index + length, name->text, name->length);
    }
    return length;
}
