#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEGINS_FOUR_OCTETS = 251 };

uint8_t fuzz_octet(struct fuzz_input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->at++;
}

const char *fuzz_word(struct fuzz_input *input, char separator, size_t *length)
{
    const char *word = (const char *)input->at;
    const char *end;

    if (input->left == 0)
        return NULL;
    end = memchr(word, separator, input->left);
    *length = end ? (size_t)(end - word) : input->left;
    input->at += *length + (end != NULL);
    input->left -= *length + (end != NULL);
    return word;
}

uint32_t fuzz_number(struct fuzz_input *input)
{
    uint32_t number = fuzz_octet(input);

    if (number < BEGINS_FOUR_OCTETS)
        return number;
    number = 0;
    for (int i = 0; i < 4; i++)
        number = number << 8 | fuzz_octet(input);
    return number;
}

char *fuzz_copy(const char *text, size_t length)
{
    char *copy = malloc(length + 1);

    FUZZ_REQUIRE(copy != NULL);
    if (length > 0)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

bool fuzz_is_printable(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            return false;
    return true;
}

void fuzz_fail(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}
