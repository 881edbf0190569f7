/* catalogue: prints what the modules of the families have, for tests and for whoever wants to see it.
 *
 *   catalogue --modules                  their names
 *   catalogue [MODULE]                   a column a line, fields separated by tabs: table, number, object, type, source,
 *                                        file, alias, metric, limit, labels
 *   catalogue --notifications [MODULE]   number, name, objects
 *
 * Without MODULE, RDMA-PORT-MIB. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "daemon/families.h"
#include "port/catalogue.h"

static const char *const types[] = {"INTEGER", "Gauge32", "Counter32", "Counter64", "TimeStamp", "DisplayString"};
static const char *const sources[] = {"index", "number", "text", "counter", "kind", "value", "level", "derived"};

static const struct mib *find_mib(const char *name)
{
    size_t count;
    const struct family *const *families = families_all(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(families[i]->mib->name, name) == 0)
            return families[i]->mib;
    return NULL;
}

static void print_modules(void)
{
    size_t count;
    const struct family *const *families = families_all(&count);

    for (size_t i = 0; i < count; i++)
        puts(families[i]->mib->name);
}

static void print_notifications(const struct mib *mib)
{
    for (size_t i = 0; i < mib->notification_count; i++) {
        const struct notification *notification = &mib->notifications[i];

        printf("%" PRIu32 "\t%s\t", notification->number, notification->name);
        for (const char *const *object = notification->objects; *object; object++)
            printf("%s ", *object);
        putchar('\n');
    }
}

static void print_column(const struct column *column)
{
    char metric[128] = "";

    catalogue_metric(column, metric, sizeof(metric));
    printf("%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%" PRIu64 "\t", column->table, column->number, column->object,
           column->source == SOURCE_INDEX ? "-" : types[column->type],
           column->source == SOURCE_COUNTER && column->derive ? "octets" : sources[column->source],
           column->file ? column->file : "", column->alias ? column->alias : "", metric, column->limit);
    for (const struct label *label = column->labels; label && label->name; label++)
        printf("%s(%" PRId64 ") ", label->name, label->number);
    putchar('\n');
}

static void print_columns(const struct mib *mib)
{
    for (size_t i = 0; i < mib->table_count; i++)
        for (size_t j = 0; j < mib->tables[i].count; j++)
            print_column(&mib->tables[i].columns[j]);
}

int main(int argc, char **argv)
{
    bool notifications = argc > 1 && strcmp(argv[1], "--notifications") == 0;
    const char *name = argc > 1 + notifications ? argv[1 + notifications] : port_mib.name;
    const struct mib *mib = find_mib(name);

    if (strcmp(name, "--modules") == 0) {
        print_modules();
        return 0;
    }
    if (!mib) {
        fprintf(stderr, "catalogue: no family has the module %s\n", name);
        return 2;
    }
    (notifications ? print_notifications : print_columns)(mib);
    return 0;
}
