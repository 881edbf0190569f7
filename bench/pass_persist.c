/* pass_persist: the table of shape.h for snmpd's pass_persist directive (snmpd.conf(5)): text over a pipe, one name a
 * request, and no end of a range.
 *
 *   pass_persist ROOT ROWS
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shape.h"

enum { LINE = 1024 };

/* A line without its end; false at the end of input. */
static bool read_line(char *line)
{
    if (!fgets(line, LINE, stdin))
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

static void answer(bool next, const char *text)
{
    struct shape_oid name;
    struct shape_cell cell;

    if (!shape_parse(text, &name) || !(next ? shape_next(&name, false, &cell) : shape_find(&name, &cell))) {
        puts("NONE");
        return;
    }
    shape_name(&cell, &name);
    for (size_t i = 0; i < name.length; i++)
        printf(".%" PRIu32, name.id[i]);
    printf("\ncounter64\n%" PRIu64 "\n", shape_value(&cell));
}

int main(int argc, char **argv)
{
    char command[LINE], text[LINE];

    if (argc != 3) {
        fprintf(stderr, "usage: pass_persist ROOT ROWS\n");
        return 2;
    }
    shape_init(argv[1], strtoul(argv[2], NULL, 10));
    while (read_line(command)) {
        if (strcmp(command, "PING") == 0) {
            puts("PONG");
        } else if (!read_line(text)) {
            break;
        } else if (strcmp(command, "set") == 0) {
            read_line(text);
            puts("not-writable");
        } else {
            answer(strcmp(command, "getnext") == 0, text);
        }
        fflush(stdout);
    }
    return 0;
}
