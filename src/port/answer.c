#include "port/answer.h"

#include <string.h>

/* A suffix is { objects(1), table, entry(1), column, index... }, or { objects(1), agent(1), column, 0 } of a scalar. */
enum {
    ARC_OBJECTS = 1,
    ARC_ENTRY = 1,
    AT_TABLE = 1,
    AT_SCALAR = 2,
    AT_ENTRY = 2,
    AT_COLUMN = 3,
    AT_INDEX = 4,
};

static bool cell(const struct snapshot *snapshot, const struct agent_state *agent, struct answer *answer)
{
    struct row row = {.agent = agent};

    if (answer->column->table != TABLE_AGENT)
        snapshot_row(snapshot, answer->column->table, answer->cursor, &row);
    return column_value(answer->column, &row, &answer->value);
}

/* The column with this number of a table; NULL if there is none. */
static const struct column *find_column(enum table table, uint32_t number)
{
    size_t count;
    const struct column *columns = column_table(table, &count);

    return number >= 1 && number <= count ? &columns[number - 1] : NULL;
}

static enum answer_result get_scalar(const struct agent_state *agent, const uint32_t *suffix, size_t length,
                                     struct answer *answer)
{
    if (length <= AT_SCALAR || !(answer->column = find_column(TABLE_AGENT, suffix[AT_SCALAR])))
        return ANSWER_NO_OBJECT;
    if (length != AT_SCALAR + 2 || suffix[AT_SCALAR + 1] != 0 || !cell(NULL, agent, answer))
        return ANSWER_NO_INSTANCE;
    return ANSWER_FOUND;
}

enum answer_result answer_get(const struct snapshot *snapshot, const struct agent_state *agent, const uint32_t *suffix,
                              size_t length, struct answer *answer)
{
    if (length <= AT_TABLE || suffix[0] != ARC_OBJECTS || suffix[AT_TABLE] < TABLE_AGENT ||
        suffix[AT_TABLE] >= TABLE_END)
        return ANSWER_NO_OBJECT;
    if (suffix[AT_TABLE] == TABLE_AGENT)
        return get_scalar(agent, suffix, length, answer);
    if (length <= AT_COLUMN || suffix[AT_ENTRY] != ARC_ENTRY ||
        !(answer->column = find_column(suffix[AT_TABLE], suffix[AT_COLUMN])) || answer->column->source == SOURCE_INDEX)
        return ANSWER_NO_OBJECT;
    if (!snapshot_find(snapshot, answer->column->table, suffix + AT_INDEX, length - AT_INDEX, &answer->cursor) ||
        !cell(snapshot, agent, answer))
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

static bool next_scalar(const struct agent_state *agent, const uint32_t *suffix, size_t length, struct answer *answer)
{
    size_t count;
    const struct column *columns = column_table(TABLE_AGENT, &count);

    for (size_t i = 0; i < count; i++) {
        int order = against(suffix, length, AT_SCALAR, columns[i].number);

        if (order > 0 || (order == 0 && length > AT_SCALAR + 1))
            continue; /* .0 is the only instance, and the suffix is there already */
        answer->column = &columns[i];
        if (cell(NULL, agent, answer))
            return true;
    }
    return false;
}

/* The first cell of the answer's column behind index that has a value. */
static bool next_in_column(const struct snapshot *snapshot, const struct agent_state *agent, const uint32_t *index,
                           size_t length, struct answer *answer)
{
    enum table table = answer->column->table;
    bool more = snapshot_next(snapshot, table, index, length, &answer->cursor);

    while (more && !cell(snapshot, agent, answer))
        more = snapshot_advance(snapshot, table, &answer->cursor);
    return more;
}

static bool next_in_table(const struct snapshot *snapshot, const struct agent_state *agent, enum table table,
                          const uint32_t *suffix, size_t length, struct answer *answer)
{
    size_t count, first = 0;
    const struct column *columns = column_table(table, &count);
    int entry = against(suffix, length, AT_ENTRY, ARC_ENTRY);

    if (entry > 0)
        return false;
    if (entry == 0 && length > AT_COLUMN && suffix[AT_COLUMN] > 0)
        first = suffix[AT_COLUMN] - 1; /* numbers have no gaps */
    for (size_t i = first; i < count; i++) {
        bool leads_on = entry == 0 && length > AT_INDEX && suffix[AT_COLUMN] == columns[i].number;

        if (!snapshot_may_have(snapshot, &columns[i]))
            continue;
        answer->column = &columns[i];
        if (next_in_column(snapshot, agent, leads_on ? suffix + AT_INDEX : NULL, leads_on ? length - AT_INDEX : 0,
                           answer))
            return true;
    }
    return false;
}

bool answer_next(const struct snapshot *snapshot, const struct agent_state *agent, const uint32_t *suffix,
                 size_t length, struct answer *answer)
{
    int objects = against(suffix, length, 0, ARC_OBJECTS);

    if (objects > 0)
        return false;
    if (objects < 0)
        length = 0;
    for (enum table table = TABLE_AGENT; table < TABLE_END; table++) {
        int order = against(suffix, length, AT_TABLE, table);
        size_t n = order < 0 ? 0 : length;

        if (order > 0)
            continue;
        if (table == TABLE_AGENT ? next_scalar(agent, suffix, n, answer)
                                 : next_in_table(snapshot, agent, table, suffix, n, answer))
            return true;
    }
    return false;
}

size_t answer_name(const struct snapshot *snapshot, const struct answer *answer, uint32_t *suffix)
{
    suffix[0] = ARC_OBJECTS;
    suffix[AT_TABLE] = answer->column->table;
    if (answer->column->table == TABLE_AGENT) {
        suffix[AT_SCALAR] = answer->column->number;
        suffix[AT_SCALAR + 1] = 0;
        return AT_SCALAR + 2;
    }
    suffix[AT_ENTRY] = ARC_ENTRY;
    suffix[AT_COLUMN] = answer->column->number;
    return AT_INDEX + snapshot_index(snapshot, answer->column->table, answer->cursor, suffix + AT_INDEX);
}
