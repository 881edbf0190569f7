#include "mib/mib.h"

#include <string.h>

const struct table *mib_table(const struct mib *mib, uint32_t arc)
{
    return arc >= 1 && arc <= mib->table_count ? &mib->tables[arc - 1] : NULL;
}

const struct column *mib_column(const struct table *table, uint32_t number)
{
    return number >= 1 && number <= table->count ? &table->columns[number - 1] : NULL;
}

const struct column *mib_object(const struct mib *mib, const char *object, const struct table **table)
{
    for (*table = mib->tables; *table < mib->tables + mib->table_count; ++*table)
        for (size_t i = 0; i < (*table)->count; i++)
            if (strcmp((*table)->columns[i].object, object) == 0)
                return &(*table)->columns[i];
    return NULL;
}
