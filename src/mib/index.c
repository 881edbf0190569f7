#include "mib/index.h"

#include <string.h>

int index_compare_texts(const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (a_length != b_length)
        return a_length < b_length ? -1 : 1;
    return memcmp(a, b, a_length);
}

bool index_is_name(const char *text, size_t longest)
{
    size_t length = strlen(text);

    if (length == 0 || length > longest)
        return false;
    for (const char *c = text; *c; c++)
        if (*c < ' ' || *c >= 0x7f)
            return false;
    return true;
}
