#include "mib/notification.h"

enum { UNKNOWN = 255 };

static bool fill(const struct look *look, const uint32_t *index, size_t length, const char *object,
                 struct answer *answer)
{
    struct row row;

    answer->column = mib_object(look->view->mib, object, &answer->table);
    if (!answer->column || !view_find(look->view, answer->table, index, length, &answer->cursor))
        return false;
    row = view_row(look->view, answer->table, answer->cursor);
    if (column_value(answer->column, &row, &answer->value))
        return true;
    if (!column_label(answer->column, UNKNOWN))
        return false;
    answer->value = (struct value){.type = SMI_INTEGER, .number = UNKNOWN};
    return true;
}

size_t notification_fill(const struct notification *notification, const struct look *look, const uint32_t *index,
                         size_t length, struct answer answers[static NOTIFICATION_MOST_OBJECTS])
{
    size_t count = 0;

    for (const char *const *object = notification->objects; *object; object++)
        count += fill(look, index, length, *object, &answers[count]);
    return count;
}
