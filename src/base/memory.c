#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/log.h"

static void *or_abort(void *memory, size_t count, size_t size)
{
    if (memory)
        return memory;
    log_error("out of memory", LOG_NUMBER("octets", count * size));
    abort();
}

void *memory_new(size_t count, size_t size)
{
    if (count == 0 || size == 0)
        count = size = 1;
    return or_abort(calloc(count, size), count, size);
}

void *memory_resize(void *old, size_t count, size_t size)
{
    if (count == 0 || size == 0)
        count = size = 1;
    if (count > SIZE_MAX / size)
        return or_abort(NULL, count, size);
    return or_abort(realloc(old, count * size), count, size);
}
