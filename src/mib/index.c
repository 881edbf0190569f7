#include "mib/index.h"

#include <string.h>

int index_compare(const uint32_t *a, size_t a_length, const uint32_t *b, size_t b_length)
{
    size_t n = a_length < b_length ? a_length : b_length;

    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return (a_length > b_length) - (a_length < b_length);
}

int index_compare_texts(const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (a_length != b_length)
        return a_length < b_length ? -1 : 1;
    return memcmp(a, b, a_length);
}

size_t index_put_text(uint32_t *index, const char *text, size_t length)
{
    index[0] = (uint32_t)length;
    for (size_t i = 0; i < length; i++)
        index[i + 1] = (unsigned char)text[i];
    return length + 1;
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
