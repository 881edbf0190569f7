/* catalogue: prints the catalogue, a column a line, fields separated by tabs: table, number, object, type, source, file,
 * alias, metric, limit, labels; with --notifications those instead: number, name, objects. For tests and for whoever
 * wants to see it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "port/catalogue.h"

static const char *const types[] = {"INTEGER", "Gauge32", "Counter32", "Counter64", "TimeStamp", "DisplayString"};
static const char *const sources[] = {"index", "number", "text", "counter", "kind", "value", "level", "derived"};

static int print_notifications(void)
{
    for (size_t i = 0; i < port_mib.notification_count; i++) {
        const struct notification *notification = &port_mib.notifications[i];

        printf("%" PRIu32 "\t%s\t", notification->number, notification->name);
        for (const char *const *object = notification->objects; *object; object++)
            printf("%s ", *object);
        putchar('\n');
    }
    return 0;
}

static void print_column(const struct column *column)
{
    char metric[128] = "";

    catalogue_metric(column, metric, sizeof(metric));
    printf("%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%" PRIu64 "\t", column->table, column->number, column->object,
           column->source == SOURCE_INDEX ? "-" : types[column->type],
           column->derive ? "octets" : sources[column->source], column->file ? column->file : "",
           column->alias ? column->alias : "", metric, column->limit);
    for (const struct label *label = column->labels; label && label->name; label++)
        printf("%s(%" PRId64 ") ", label->name, label->number);
    putchar('\n');
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--notifications") == 0)
        return print_notifications();
    for (size_t i = 0; i < port_mib.table_count; i++)
        for (size_t j = 0; j < port_mib.tables[i].count; j++)
            print_column(&port_mib.tables[i].columns[j]);
    return 0;
}
