#include "mib/answer.h"

#include <string.h>

/* A suffix is { path of the objects, table, entry(1), column, index... }, or { path, table, scalar, 0 }. Below, places are
 * counted from behind the path. */
enum {
    ARC_ENTRY = 1,
    AT_TABLE = 0,
    AT_SCALAR = 1,
    AT_ENTRY = 1,
    AT_COLUMN = 2,
    AT_INDEX = 3,
};

static bool cell(const struct look *look, struct answer *answer)
{
    struct row row;

    if (answer->table->shape == TABLE_SCALARS && !look->scalars)
        return false; /* nothing was seen yet */
    row = answer->table->shape == TABLE_SCALARS ? (struct row){.record = look->scalars}
                                                : view_row(look->view, answer->table, answer->cursor);
    return column_value(answer->column, &row, &answer->value);
}

/* Negative, 0 or positive as all objects of the module sort behind the suffix, around it, or before it. */
static int against_path(const struct mib *mib, const uint32_t *suffix, size_t length)
{
    for (size_t i = 0; i < mib->path_length; i++)
        if (length <= i || suffix[i] != mib->path[i])
            return length <= i || suffix[i] < mib->path[i] ? -1 : 1;
    return 0;
}

static enum answer_result get_scalar(const struct look *look, const uint32_t *suffix, size_t length,
                                     struct answer *answer)
{
    if (length <= AT_SCALAR || !(answer->column = mib_column(answer->table, suffix[AT_SCALAR])))
        return ANSWER_NO_OBJECT;
    if (length != AT_SCALAR + 2 || suffix[AT_SCALAR + 1] != 0 || !cell(look, answer))
        return ANSWER_NO_INSTANCE;
    return ANSWER_FOUND;
}

enum answer_result answer_get(const struct look *look, const uint32_t *suffix, size_t length, struct answer *answer)
{
    const struct mib *mib = look->view->mib;

    if (against_path(mib, suffix, length) != 0)
        return ANSWER_NO_OBJECT;
    suffix += mib->path_length;
    length -= mib->path_length;
    if (length <= AT_TABLE || !(answer->table = mib_table(mib, suffix[AT_TABLE])))
        return ANSWER_NO_OBJECT;
    if (answer->table->shape == TABLE_SCALARS)
        return get_scalar(look, suffix, length, answer);
    if (length <= AT_COLUMN || suffix[AT_ENTRY] != ARC_ENTRY ||
        !(answer->column = mib_column(answer->table, suffix[AT_COLUMN])) || answer->column->source == SOURCE_INDEX)
        return ANSWER_NO_OBJECT;
    if (!view_find(look->view, answer->table, suffix + AT_INDEX, length - AT_INDEX, &answer->cursor) ||
        !cell(look, answer))
        return ANSWER_NO_INSTANCE;
    return ANSWER_FOUND;
}

/* --- The next one --- */

/* A position in one level of the name. -1: everything below this arc sorts behind it; +1: before it; 0: it leads on. */
static int against(const uint32_t *suffix, size_t length, size_t at, uint32_t arc)
{
    if (length <= at || suffix[at] < arc)
        return -1;
    return suffix[at] > arc;
}

static bool next_scalar(const struct look *look, const uint32_t *suffix, size_t length, struct answer *answer)
{
    for (size_t i = 0; i < answer->table->count; i++) {
        int order = against(suffix, length, AT_SCALAR, answer->table->columns[i].number);

        if (order > 0 || (order == 0 && length > AT_SCALAR + 1))
            continue; /* .0 is the only instance, and the suffix is there already */
        answer->column = &answer->table->columns[i];
        if (cell(look, answer))
            return true;
    }
    return false;
}

/* The first cell of the answer's column behind index that has a value. */
static bool next_in_column(const struct look *look, const uint32_t *index, size_t length, struct answer *answer)
{
    bool more = view_next(look->view, answer->table, index, length, &answer->cursor);

    while (more && !cell(look, answer))
        more = view_advance(look->view, answer->table, &answer->cursor);
    return more;
}

static bool next_in_table(const struct look *look, const uint32_t *suffix, size_t length, struct answer *answer)
{
    const struct table *table = answer->table;
    int entry = against(suffix, length, AT_ENTRY, ARC_ENTRY);
    size_t first = 0;

    if (entry > 0)
        return false;
    if (entry == 0 && length > AT_COLUMN && suffix[AT_COLUMN] > 0)
        first = suffix[AT_COLUMN] - 1; /* numbers have no gaps */
    for (size_t i = first; i < table->count; i++) {
        bool leads_on = entry == 0 && length > AT_INDEX && suffix[AT_COLUMN] == table->columns[i].number;

        if (!view_may_have(look->view, table, &table->columns[i]))
            continue;
        answer->column = &table->columns[i];
        if (next_in_column(look, leads_on ? suffix + AT_INDEX : NULL, leads_on ? length - AT_INDEX : 0, answer))
            return true;
    }
    return false;
}

bool answer_next(const struct look *look, const uint32_t *suffix, size_t length, struct answer *answer)
{
    const struct mib *mib = look->view->mib;
    int order = against_path(mib, suffix, length);

    if (order > 0)
        return false;
    if (order < 0) {
        length = 0;
    } else {
        suffix += mib->path_length;
        length -= mib->path_length;
    }
    /* The arcs of tables have no gaps: those before the suffix' are not looked at. */
    for (size_t i = length > AT_TABLE && suffix[AT_TABLE] > 0 ? suffix[AT_TABLE] - 1 : 0; i < mib->table_count; i++) {
        size_t n = length;

        answer->table = &mib->tables[i];
        if (against(suffix, length, AT_TABLE, answer->table->arc) < 0)
            n = 0;
        if (answer->table->shape == TABLE_SCALARS ? next_scalar(look, suffix, n, answer)
                                                  : next_in_table(look, suffix, n, answer))
            return true;
    }
    return false;
}

size_t answer_name(const struct look *look, const struct answer *answer, uint32_t *suffix)
{
    const struct mib *mib = look->view->mib;
    uint32_t *rest = suffix + mib->path_length;

    memcpy(suffix, mib->path, mib->path_length * sizeof(*suffix));
    rest[AT_TABLE] = answer->table->arc;
    if (answer->table->shape == TABLE_SCALARS) {
        rest[AT_SCALAR] = answer->column->number;
        rest[AT_SCALAR + 1] = 0;
        return mib->path_length + AT_SCALAR + 2;
    }
    rest[AT_ENTRY] = ARC_ENTRY;
    rest[AT_COLUMN] = answer->column->number;
    return mib->path_length + AT_INDEX + view_index(look->view, answer->table, answer->cursor, rest + AT_INDEX);
}
