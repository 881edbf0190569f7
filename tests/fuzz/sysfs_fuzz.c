/* sysfs_fuzz: every parser of sysfs text against a regular expression that says what it takes. The input is the text of
 * a file. */
#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "port/scan_file.h"
#include "kernel/sysfs.h"

enum { MOST_PARTS = 8, UNTOUCHED = 0x5a };

/* A text, and how the parts of an expression matched it. */
struct match {
    const char *text;
    regmatch_t part[MOST_PARTS];
};

/* True if the whole text, which may hold a NUL, matches. */
static bool matches(const char *expression, const char *text, size_t length, struct match *match)
{
    enum { MOST_EXPRESSIONS = 16 };
    static struct {
        const char *expression;
        regex_t compiled;
    } cache[MOST_EXPRESSIONS];
    size_t i = 0;

    while (i < MOST_EXPRESSIONS && cache[i].expression && cache[i].expression != expression)
        i++;
    FUZZ_REQUIRE(i < MOST_EXPRESSIONS);
    if (!cache[i].expression) {
        cache[i].expression = expression;
        FUZZ_REQUIRE(regcomp(&cache[i].compiled, expression, REG_EXTENDED) == 0);
    }
    match->text = text;
    return !memchr(text, '\0', length) && regexec(&cache[i].compiled, text, MOST_PARTS, match->part, 0) == 0;
}

static bool has_part(const struct match *match, size_t i)
{
    return match->part[i].rm_so >= 0;
}

/* Part i as a number; UINT64_MAX and errno ERANGE where it is none of 64 bits. */
static uint64_t part_number(const struct match *match, size_t i, int base)
{
    errno = 0;
    return strtoull(match->text + match->part[i].rm_so, NULL, base);
}

static bool part_is(const struct match *match, size_t i, const char *text)
{
    size_t length = (size_t)(match->part[i].rm_eo - match->part[i].rm_so);

    return strlen(text) == length && memcmp(match->text + match->part[i].rm_so, text, length) == 0;
}

static bool all_untouched(const void *octets, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((const unsigned char *)octets)[i] != UNTOUCHED)
            return false;
    return true;
}

/* --- One function for each parser --- */

static void check_counter(const char *text, size_t length)
{
    struct match match;
    uint64_t value, wanted = 0;
    bool valid = matches("^[0-9]+\n$", text, length, &match);

    if (valid)
        wanted = part_number(&match, 0, 10);
    valid = valid && errno == 0;
    memset(&value, UNTOUCHED, sizeof(value));
    FUZZ_REQUIRE(sysfs_parse_counter(text, length, &value) == valid);
    FUZZ_REQUIRE(valid ? value == wanted : all_untouched(&value, sizeof(value)));
}

static void check_number(const char *text, size_t length)
{
    struct match match;
    int64_t value;
    uint64_t wanted = 0;
    bool valid = matches("^(0x[0-9a-fA-F]+|[0-9]+)\n$", text, length, &match);

    if (valid)
        wanted = part_number(&match, 0, text[1] == 'x' ? 16 : 10);
    valid = valid && errno == 0 && wanted <= UINT32_MAX;
    memset(&value, UNTOUCHED, sizeof(value));
    FUZZ_REQUIRE(sysfs_parse_number(text, length, &value) == valid);
    FUZZ_REQUIRE(valid ? (uint64_t)value == wanted : all_untouched(&value, sizeof(value)));
}

/* What sysfs_parse_text must give where there is room for all of it; returns its length. */
static size_t make_printable(const char *text, size_t length, char *printable)
{
    while (length > 0 && text[length - 1] == '\n')
        length--;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        printable[i] = (char)(c >= 32 && c <= 126 ? c : '?');
    }
    printable[length] = '\0';
    return length;
}

static void check_text(const char *text, size_t length, size_t size)
{
    char whole[SCAN_TEXT_SIZE], *printable = malloc(size);
    size_t wanted = make_printable(text, length, whole);

    FUZZ_REQUIRE(printable != NULL);
    memset(printable, UNTOUCHED, size);
    FUZZ_REQUIRE(sysfs_parse_text(text, length, printable, size) == (wanted > 0));
    if (wanted == 0) {
        FUZZ_REQUIRE(all_untouched(printable, size));
    } else {
        FUZZ_REQUIRE(strlen(printable) == (wanted < size ? wanted : size - 1));
        FUZZ_REQUIRE(strncmp(printable, whole, strlen(printable)) == 0);
    }
    free(printable);
}

static void check_state(const char *text, size_t length, size_t size)
{
    char whole[SCAN_TEXT_SIZE], *name = malloc(size);
    struct match match;
    int64_t number;
    bool valid = matches("^([0-9]{1,9}): (.+)$", whole, make_printable(text, length, whole), &match);

    FUZZ_REQUIRE(name != NULL);
    memset(name, UNTOUCHED, size);
    memset(&number, UNTOUCHED, sizeof(number));
    FUZZ_REQUIRE(sysfs_parse_state(text, length, &number, name, size) == valid);
    if (valid) {
        FUZZ_REQUIRE((uint64_t)number == part_number(&match, 1, 10));
        FUZZ_REQUIRE(strlen(name) < size && strncmp(whole + match.part[2].rm_so, name, size - 1) == 0);
    } else {
        FUZZ_REQUIRE(all_untouched(name, size) && all_untouched(&number, sizeof(number)));
    }
    free(name);
}

static void check_guid(const char *text, size_t length)
{
    char printable[65];
    struct match match;
    size_t n = strcspn(text, "\n");
    bool valid = matches("^([0-9a-fA-F]{4}:){3}(([0-9a-fA-F]{4}:){4})?[0-9a-fA-F]{4}\n?$", text, length, &match) &&
                 strspn(text, "0:") < n;

    memset(printable, UNTOUCHED, sizeof(printable));
    FUZZ_REQUIRE(sysfs_parse_guid(text, length, printable, sizeof(printable)) == valid);
    if (valid)
        FUZZ_REQUIRE(strlen(printable) == n && memcmp(printable, text, n) == 0);
    else
        FUZZ_REQUIRE(all_untouched(printable, sizeof(printable)));
}

static void check_rate(const char *text, size_t length)
{
    struct sysfs_rate rate;
    struct match match;
    char width[32];
    bool valid = matches("^(([0-9]{1,6})([.]([0-9]))? Gb/sec) [(]([0-9]{1,6})X( ([0-9A-Za-z]{1,15}))?[)]\n?$", text,
                         length, &match);

    memset(&rate, UNTOUCHED, sizeof(rate));
    FUZZ_REQUIRE(sysfs_parse_rate(text, length, &rate) == valid);
    if (!valid) {
        FUZZ_REQUIRE(all_untouched(&rate, sizeof(rate)));
        return;
    }
    snprintf(width, sizeof(width), "%" PRIu64 "X", part_number(&match, 5, 10));
    FUZZ_REQUIRE((uint64_t)rate.speed ==
                 part_number(&match, 2, 10) * 1000 + (has_part(&match, 4) ? part_number(&match, 4, 10) * 100 : 0));
    FUZZ_REQUIRE((uint64_t)rate.width == part_number(&match, 5, 10) && strcmp(rate.width_text, width) == 0);
    FUZZ_REQUIRE(part_is(&match, 1, rate.speed_text));
    FUZZ_REQUIRE(has_part(&match, 7) ? part_is(&match, 7, rate.generation) : rate.generation[0] == '\0');
}

static void check_pci_address(const char *text, size_t length)
{
    struct match match;
    bool valid = matches("^[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}[.][0-9a-fA-F]$", text, length, &match);

    FUZZ_REQUIRE(sysfs_is_pci_address(text, length) == valid);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
    static const size_t sizes[] = {1, 2, 16, 33, 64, 65, 128, SCAN_TEXT_SIZE};
    char *text;

    if (size >= SCAN_TEXT_SIZE)
        return -1; /* sysfs_read refuses it */
    text = fuzz_copy((const char *)octets, size);
    check_counter(text, size);
    check_number(text, size);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        check_text(text, size, sizes[i]);
        check_state(text, size, sizes[i]);
    }
    check_guid(text, size);
    check_rate(text, size);
    check_pci_address(text, size);
    free(text);
    return 0;
}
