/* catalogue: prints the catalogue, a column a line, fields separated by tabs: table, number, object, type, source, file,
 * alias, metric, limit, labels; with --notifications those instead: number, name, objects. For tests and for whoever
 * wants to see it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "port/column.h"
#include "port/notification.h"

static const char *const types[] = {"INTEGER", "Gauge32", "Counter32", "Counter64", "TimeStamp", "DisplayString"};
static const char *const sources[] = {"index", "number", "text", "counter", "octets", "kind", "value", "level"};

static int print_notifications(void)
{
    size_t count;
    const struct notification *notifications = notification_all(&count);

    for (size_t i = 0; i < count; i++) {
        printf("%d\t%s\t", notifications[i].kind, notifications[i].name);
        for (const char *const *object = notifications[i].objects; *object; object++)
            printf("%s ", *object);
        putchar('\n');
    }
    return 0;
}

int main(int argc, char **argv)
{
    size_t count;
    const struct column *columns = column_all(&count);

    if (argc == 2 && strcmp(argv[1], "--notifications") == 0)
        return print_notifications();
    for (size_t i = 0; i < count; i++) {
        const struct column *column = &columns[i];
        char metric[128] = "";

        column_metric(column, metric, sizeof(metric));
        printf("%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%" PRIu64 "\t", column->table, column->number, column->object,
               column->source == SOURCE_INDEX ? "-" : types[column->type], sources[column->source],
               column->file ? column->file : "", column->alias ? column->alias : "", metric, column->limit);
        for (const struct label *label = column->labels; label && label->name; label++)
            printf("%s(%" PRId64 ") ", label->name, label->number);
        putchar('\n');
    }
    return 0;
}
