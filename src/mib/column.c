#include "mib/column.h"

#include "base/absent.h"
#include "mib/named.h"

static const void *at(const struct column *column, const struct row *row)
{
    return (const char *)row->record + column->offset;
}

static bool number_value(const struct column *column, const struct row *row, struct value *value)
{
    int64_t number = *(const int64_t *)at(column, row);

    value->number = (uint64_t)number;
    if (column->type == SMI_COUNTER32 || column->type == SMI_TIMESTAMP)
        value->number = (uint32_t)number; /* both wrap at 2^32 */
    if (column->type == SMI_GAUGE && number > UINT32_MAX)
        value->number = UINT32_MAX; /* a Gauge32 stays at its maximum, RFC 2578 7.1.7 */
    return number != ABSENT;
}

static bool text_value(const struct column *column, const struct row *row, struct value *value)
{
    value->text = at(column, row);
    return value->text[0] != '\0';
}

static bool counter_value(const struct column *column, const struct row *row, struct value *value)
{
    const struct counter_set *counters = at(column, row);

    value->number = counters->value[column->slot];
    if (!(counters->present >> column->slot & 1))
        return false;
    return !column->derive || column->derive(column, row, value);
}

static bool named_value(const struct column *column, const struct row *row, struct value *value)
{
    const struct named_counters *named = at(column, row);
    bool is_counter = named->names->name[row->member].kind == KIND_COUNTER;

    if (column->source == SOURCE_KIND) {
        value->number = named->names->name[row->member].kind;
        return true;
    }
    value->number = named->value[row->member];
    if (column->source == SOURCE_LEVEL && value->number > UINT32_MAX)
        value->number = UINT32_MAX;
    return is_counter == (column->source == SOURCE_VALUE) && named->present[row->member];
}

bool column_value(const struct column *column, const struct row *row, struct value *value)
{
    value->type = column->type;
    switch ((enum column_source)column->source) {
    case SOURCE_NUMBER:
        return number_value(column, row, value);
    case SOURCE_TEXT:
        return text_value(column, row, value);
    case SOURCE_COUNTER:
        return counter_value(column, row, value);
    case SOURCE_KIND:
    case SOURCE_VALUE:
    case SOURCE_LEVEL:
        return named_value(column, row, value);
    case SOURCE_DERIVED:
        return column->derive(column, row, value);
    case SOURCE_INDEX:
        break;
    }
    return false;
}

const char *column_label(const struct column *column, int64_t number)
{
    for (const struct label *label = column->labels; label && label->name; label++)
        if (label->number == number)
            return label->name;
    return NULL;
}
