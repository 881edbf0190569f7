/* uevent_fuzz: a message of the kernel about a device against a search from its end, where the last word on each matter
 * stands. The input is the message. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "kernel/uevent.h"

/* The last word of the message that begins with key and has a character of needed behind it; what follows the key. */
static const char *last_value(const char *message, size_t length, const char *key, const char *needed)
{
    size_t end = length - 1; /* of the word: its NUL */

    while (length > 0) {
        size_t start = end;

        while (start > 0 && message[start - 1] != '\0')
            start--;
        if (strncmp(message + start, key, strlen(key)) == 0 && (!needed || strpbrk(message + start, needed)))
            return message + start + strlen(key);
        if (start == 0)
            break;
        end = start - 1;
    }
    return NULL;
}

/* True if text is wanted, or as much of it as there is room for. */
static bool is_copy(const char *text, size_t size, const char *wanted)
{
    size_t n = wanted ? strlen(wanted) : 0;

    n = n < size ? n : size - 1;
    return strlen(text) == n && (n == 0 || memcmp(text, wanted, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
    char *message = fuzz_copy((const char *)octets, size);
    bool is_whole = size > 0 && message[size - 1] == '\0';
    const char *subsystem = is_whole ? last_value(message, size, "SUBSYSTEM=", NULL) : NULL;
    const char *path = is_whole ? last_value(message, size, "DEVPATH=", "/") : NULL;
    const char *action = is_whole ? last_value(message, size, "ACTION=", NULL) : NULL;
    const char *name = path ? strrchr(path, '/') + 1 : NULL;
    struct uevent event;

    FUZZ_REQUIRE(uevent_parse(message, size, &event) == (subsystem && *subsystem && name && *name));
    FUZZ_REQUIRE(is_copy(event.subsystem, sizeof(event.subsystem), subsystem));
    FUZZ_REQUIRE(is_copy(event.name, sizeof(event.name), name));
    FUZZ_REQUIRE((event.action == UEVENT_ADD) == (action && strcmp(action, "add") == 0));
    FUZZ_REQUIRE((event.action == UEVENT_REMOVE) == (action && strcmp(action, "remove") == 0));
    free(message);
    return 0;
}
