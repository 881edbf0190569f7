#include "shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARC_OBJECTS = 1, ARC_ENTRY = 1, BEHIND_ROOT = 4, INDEX_MAX = 24 };

struct shape_table {
    uint32_t arc, columns;
};

/* rdmaPortCounterTable, rdmaPortHwCounterTable, and something behind them that the last request of a walk runs into. */
static const struct shape_table tables[] = {{4, 23}, {5, 35}, {6, 1}};
enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

struct row {
    uint32_t device;
    size_t length;
    uint32_t index[INDEX_MAX];
};

static struct {
    struct shape_oid root;
    struct row *rows;
    size_t count;
} shape;

int shape_compare(const uint32_t *a, size_t a_length, const uint32_t *b, size_t b_length)
{
    size_t n = a_length < b_length ? a_length : b_length;

    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return (a_length > b_length) - (a_length < b_length);
}

bool shape_parse(const char *text, struct shape_oid *oid)
{
    oid->length = 0;
    if (*text == '.')
        text++;
    while (oid->length < SHAPE_OID_MAX) {
        char *end;

        oid->id[oid->length++] = (uint32_t)strtoul(text, &end, 10);
        if (end == text || (*end != '.' && *end != '\0'))
            return false;
        if (*end == '\0')
            return true;
        text = end + 1;
    }
    return false;
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a, *y = b;

    return shape_compare(x->index, x->length, y->index, y->length);
}

void shape_init(const char *root, size_t rows)
{
    shape.rows = calloc(rows, sizeof(*shape.rows));
    shape.count = rows;
    if (!shape.rows || !shape_parse(root, &shape.root)) {
        fprintf(stderr, "no memory, or no OID: %s\n", root);
        exit(EXIT_FAILURE);
    }
    for (size_t i = 0; i < rows; i++) {
        struct row *row = &shape.rows[i];
        char name[INDEX_MAX];
        int length = snprintf(name, sizeof(name), "mlx5_%zu", i);

        row->device = (uint32_t)i;
        row->index[row->length++] = (uint32_t)length;
        for (int k = 0; k < length; k++)
            row->index[row->length++] = (unsigned char)name[k];
        row->index[row->length++] = 1; /* the port */
    }
    qsort(shape.rows, rows, sizeof(*shape.rows), compare_rows);
}

const struct shape_oid *shape_root(void)
{
    return &shape.root;
}

/* The first row that does not sort before index. */
static size_t first_row(const uint32_t *index, size_t length)
{
    size_t low = 0, high = shape.count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (shape_compare(shape.rows[middle].index, shape.rows[middle].length, index, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_row(size_t row, const uint32_t *index, size_t length)
{
    return row < shape.count && shape_compare(shape.rows[row].index, shape.rows[row].length, index, length) == 0;
}

bool shape_find(const struct shape_oid *name, struct shape_cell *cell)
{
    size_t at = shape.root.length + BEHIND_ROOT;
    const uint32_t *behind = &name->id[shape.root.length];

    if (name->length <= at || memcmp(name->id, shape.root.id, shape.root.length * sizeof(name->id[0])) != 0 ||
        behind[0] != ARC_OBJECTS || behind[2] != ARC_ENTRY)
        return false;
    for (size_t i = 0; i < TABLES; i++) {
        if (behind[1] != tables[i].arc || behind[3] < 1 || behind[3] > tables[i].columns)
            continue;
        *cell = (struct shape_cell){&tables[i], behind[3], first_row(&name->id[at], name->length - at)};
        return is_row(cell->row, &name->id[at], name->length - at);
    }
    return false;
}

/* The first cell of a table that does not sort before name, or that sorts behind it; the names of all of them begin with
 * entry. */
static bool next_in_table(const struct shape_table *table, const uint32_t *entry, size_t length,
                          const struct shape_oid *name, bool at, struct shape_cell *cell)
{
    size_t shared = name->length < length ? name->length : length, index = length + 1;
    int order = shape_compare(name->id, shared, entry, length);
    uint32_t column = 1;
    size_t row = 0;

    if (order > 0)
        return false;
    if (order == 0 && name->length > length && name->id[length] >= 1) {
        column = name->id[length];
        if (name->length > index)
            row = first_row(&name->id[index], name->length - index);
        if (name->length > index && !at && is_row(row, &name->id[index], name->length - index))
            row++;
        if (row >= shape.count) {
            column++;
            row = 0;
        }
    }
    *cell = (struct shape_cell){table, column, row};
    return column <= table->columns && shape.count > 0;
}

bool shape_next(const struct shape_oid *name, bool at, struct shape_cell *cell)
{
    uint32_t entry[SHAPE_OID_MAX];
    uint32_t *behind = &entry[shape.root.length];

    memcpy(entry, shape.root.id, shape.root.length * sizeof(entry[0]));
    behind[0] = ARC_OBJECTS;
    behind[2] = ARC_ENTRY;
    for (size_t i = 0; i < TABLES; i++) {
        behind[1] = tables[i].arc;
        if (next_in_table(&tables[i], entry, shape.root.length + BEHIND_ROOT - 1, name, at, cell))
            return true;
    }
    return false;
}

void shape_name(const struct shape_cell *cell, struct shape_oid *name)
{
    const struct row *row = &shape.rows[cell->row];
    uint32_t *behind = &name->id[shape.root.length];

    memcpy(name->id, shape.root.id, shape.root.length * sizeof(name->id[0]));
    behind[0] = ARC_OBJECTS;
    behind[1] = cell->table->arc;
    behind[2] = ARC_ENTRY;
    behind[3] = cell->column;
    memcpy(behind + BEHIND_ROOT, row->index, row->length * sizeof(behind[0]));
    name->length = shape.root.length + BEHIND_ROOT + row->length;
}

/* trees.py has the same formula: value() there. */
static uint64_t file_value(uint32_t device, uint64_t file)
{
    return (device + UINT64_C(1)) * 1000000007 + file * 7919;
}

uint64_t shape_value(const struct shape_cell *cell)
{
    enum { PMA_FILES = 21, XMIT_DATA = 12, WORD = 4 };
    uint32_t device = shape.rows[cell->row].device;

    if (cell->table == &tables[1])
        return file_value(device, PMA_FILES + cell->column - 1);
    if (cell->column > PMA_FILES) /* in octets */
        return WORD * file_value(device, XMIT_DATA + cell->column - PMA_FILES - 1);
    return file_value(device, cell->column - 1);
}
