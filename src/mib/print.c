#include "mib/print.h"

#include <inttypes.h>

/* An index is texts, each with its length before it, and numbers: which of them follows from the table. */
static void print_index(FILE *out, const struct look *look, const struct answer *answer)
{
    uint32_t index[INDEX_MAX];
    const uint32_t *at = index;
    size_t length;

    if (answer->table->shape == TABLE_SCALARS) {
        fputs(".0", out);
        return;
    }
    length = view_index(look->view, answer->table, answer->cursor, index);
    for (const char *part = answer->table->index; *part && at < index + length; part++) {
        if (*part == INDEX_NUMBER) {
            fprintf(out, ".%" PRIu32, *at++);
            continue;
        }
        fputs(".\"", out);
        for (uint32_t left = *at++; left > 0; left--)
            fputc((int)*at++, out);
        fputc('"', out);
    }
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

void print_look(FILE *out, const struct look *look)
{
    uint32_t suffix[INDEX_MAX];
    struct answer answer;
    size_t length = 0;

    while (answer_next(look, suffix, length, &answer)) {
        fputs(answer.column->object, out);
        print_index(out, look, &answer);
        fputs(" = ", out);
        print_value(out, &answer);
        length = answer_name(look, &answer, suffix);
    }
}
