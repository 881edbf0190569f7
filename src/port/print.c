#include "port/print.h"

#include <inttypes.h>

#include "port/answer.h"

static void print_index(FILE *out, const struct snapshot *snapshot, const struct answer *answer)
{
    enum table table = answer->column->table;
    struct row row;

    if (table == TABLE_AGENT) {
        fputs(".0", out);
        return;
    }
    snapshot_row(snapshot, table, answer->cursor, &row);
    fprintf(out, ".\"%s\"", row.device->name);
    if (row.port)
        fprintf(out, ".%" PRId64, row.port->number);
    if (table == TABLE_COUNTER)
        fprintf(out, ".\"%s\"", row.port->named.names->name[row.member].text);
    if (table == TABLE_DEVICE_COUNTER)
        fprintf(out, ".\"%s\"", row.device->named.names->name[row.member].text);
}

static void print_value(FILE *out, const struct answer *answer)
{
    const char *label = column_label(answer->column, (int64_t)answer->value.number);

    if (answer->value.type == SMI_TEXT)
        fprintf(out, "%s\n", answer->value.text);
    else if (label)
        fprintf(out, "%s(%" PRIu64 ")\n", label, answer->value.number);
    else if (answer->value.type == SMI_INTEGER)
        fprintf(out, "%" PRId64 "\n", (int64_t)answer->value.number);
    else if (answer->column->is_hexadecimal)
        fprintf(out, "%" PRIx64 "\n", answer->value.number);
    else
        fprintf(out, "%" PRIu64 "\n", answer->value.number);
}

void print_snapshot(FILE *out, const struct snapshot *snapshot, const struct agent_state *agent)
{
    uint32_t suffix[SNAPSHOT_INDEX_MAX];
    struct answer answer;
    size_t length = 0;

    while (answer_next(snapshot, agent, suffix, length, &answer)) {
        fputs(answer.column->object, out);
        print_index(out, snapshot, &answer);
        fputs(" = ", out);
        print_value(out, &answer);
        length = answer_name(snapshot, &answer, suffix);
    }
}
