/* sysfs_parse_test: texts as the kernel prints them, and as it never should, through every parser of sysfs. */
#include <stdio.h>
#include <string.h>

#include "kernel/sysfs.h"
#include "lib/unit.h"

enum { SENTINEL = 4711 };

/* A text whose octets count, a NUL among them too. */
#define OCTETS(text) (text), sizeof(text) - 1

/* --- Counters --- */

static const struct {
    const char *text;
    size_t length;
    uint64_t value;
} counters[] = {
    {OCTETS("0\n"), 0},
    {OCTETS("1\n"), 1},
    {OCTETS("12\n"), 12},
    {OCTETS("007\n"), 7},
    {OCTETS("65535\n"), 65535},
    {OCTETS("4294967295\n"), UINT32_MAX},
    {OCTETS("4294967296\n"), UINT64_C(1) << 32},
    {OCTETS("9007199254740993\n"), (UINT64_C(1) << 53) + 1},
    {OCTETS("9223372036854775808\n"), UINT64_C(1) << 63},
    {OCTETS("18446744073709551615\n"), UINT64_MAX},
};

START_TEST(a_counter_is_decimal_digits_and_a_newline)
{
    uint64_t value = SENTINEL;

    ck_assert_msg(sysfs_parse_counter(counters[_i].text, counters[_i].length, &value), "%s", counters[_i].text);
    ck_assert_uint_eq(value, counters[_i].value);
}
END_TEST

static const struct {
    const char *text;
    size_t length;
} no_counters[] = {
    {OCTETS("")},
    {OCTETS("\n")},
    {OCTETS("12")},
    {OCTETS("12\n\n")},
    {OCTETS("\n12\n")},
    {OCTETS(" 1\n")},
    {OCTETS("1 \n")},
    {OCTETS("1 2\n")},
    {OCTETS("1\r\n")},
    {OCTETS("-1\n")},
    {OCTETS("+1\n")},
    {OCTETS("18446744073709551616\n")}, /* 2^64 */
    {OCTETS("18446744073709551620\n")},
    {OCTETS("184467440737095516150\n")},
    {OCTETS("99999999999999999999\n")},
    {OCTETS("N/A (no PMA)\n")},
    {OCTETS("0x10\n")},
    {OCTETS("1e3\n")},
    {OCTETS("1.0\n")},
    {OCTETS("1\0\n")},
    {OCTETS("\0\n")},
    {OCTETS("\0001\n")},
    {OCTETS("\xb2\n")},
};

START_TEST(anything_else_is_no_counter)
{
    uint64_t value = SENTINEL;

    ck_assert_msg(!sysfs_parse_counter(no_counters[_i].text, no_counters[_i].length, &value), "%s",
                  no_counters[_i].text);
    ck_assert_uint_eq(value, SENTINEL);
}
END_TEST

/* --- Numbers --- */

static const struct {
    const char *text;
    int64_t value;
} numbers[] = {
    {"0\n", 0},
    {"26\n", 26},
    {"010\n", 10},
    {"0x0\n", 0},
    {"0x1a\n", 26},
    {"0xBFFF\n", 0xbfff},
    {"0x00f\n", 15},
    {"0x15b3\n", 0x15b3},
    {"4294967295\n", UINT32_MAX},
    {"0xffffffff\n", UINT32_MAX},
    {"0x2651e848\n", 0x2651e848},
};

START_TEST(a_number_is_decimal_or_hexadecimal)
{
    int64_t value = SENTINEL;

    ck_assert_msg(sysfs_parse_number(numbers[_i].text, strlen(numbers[_i].text), &value), "%s", numbers[_i].text);
    ck_assert_int_eq(value, numbers[_i].value);
}
END_TEST

static const struct {
    const char *text;
    size_t length;
} no_numbers[] = {
    {OCTETS("")},
    {OCTETS("\n")},
    {OCTETS("0x\n")},
    {OCTETS("0x")},
    {OCTETS("26")},
    {OCTETS("0x1a")},
    {OCTETS("1\n\n")},
    {OCTETS(" 1\n")},
    {OCTETS("1 \n")},
    {OCTETS("-1\n")},
    {OCTETS("+1\n")},
    {OCTETS("0x-1\n")},
    {OCTETS("0x 1\n")},
    {OCTETS("0x0x1\n")},
    {OCTETS("0xg\n")},
    {OCTETS("a\n")},
    {OCTETS("1a\n")},
    {OCTETS("0X1\n")},
    {OCTETS("1\0\n")},
    {OCTETS("4294967296\n")},
    {OCTETS("0x100000000\n")},
    {OCTETS("99999999999999999999\n")},
    {OCTETS("0xffffffffffffffffff\n")},
    {OCTETS("none\n")},
};

START_TEST(anything_else_is_no_number)
{
    int64_t value = SENTINEL;

    ck_assert_msg(!sysfs_parse_number(no_numbers[_i].text, no_numbers[_i].length, &value), "%s", no_numbers[_i].text);
    ck_assert_int_eq(value, SENTINEL);
}
END_TEST

/* --- States --- */

static const struct {
    const char *text;
    int64_t number;
    const char *name;
} states[] = {
    {"0: NOP\n", 0, "NOP"},
    {"1: DOWN\n", 1, "DOWN"},
    {"2: INIT\n", 2, "INIT"},
    {"3: ARMED\n", 3, "ARMED"},
    {"4: ACTIVE\n", 4, "ACTIVE"},
    {"5: ACTIVE_DEFER\n", 5, "ACTIVE_DEFER"},
    {"9: UNKNOWN\n", 9, "UNKNOWN"},
    {"0: <unknown>\n", 0, "<unknown>"},
    {"4: PortConfigurationTraining\n", 4, "PortConfigurationTraining"},
    {"7: Phy Test\n", 7, "Phy Test"},
    {"7: unspecified\n", 7, "unspecified"},
    {"255: x: y\n", 255, "x: y"},
    {"123456789: X\n", 123456789, "X"},
    {"4: ACTIVE", 4, "ACTIVE"},
    {"4: AC\001T\xffVE\n", 4, "AC?T?VE"},
    {"4: 0123456789012345678901234567890123456789\n", 4, "01234567890123456789012345678901"}, /* cut at 32 */
};

START_TEST(a_state_is_a_number_and_a_text)
{
    int64_t number = SENTINEL;
    char name[33];

    ck_assert_msg(sysfs_parse_state(states[_i].text, strlen(states[_i].text), &number, name, sizeof(name)), "%s",
                  states[_i].text);
    ck_assert_int_eq(number, states[_i].number);
    ck_assert_str_eq(name, states[_i].name);
}
END_TEST

static const char *const no_states[] = {
    "",
    "\n",
    "4",
    "4\n",
    "4:",
    "4:\n",
    "4: ",
    "4: \n",
    "4:ACTIVE\n",
    ": X\n",
    " 4: X",
    "-4: X\n",
    "+4: X\n",
    "4 : X\n",
    "4; X\n",
    "0x4: X\n",
    "X\n",
    "ACTIVE: 4\n",
    "4a: X",
    "::\n",
    "4.0: X\n",
    "4:\tX\n",
    "1234567890: X\n",
    "N/A (no PMA)\n",
};

START_TEST(anything_else_is_no_state)
{
    int64_t number = SENTINEL;
    char name[33] = "kept";

    ck_assert_msg(!sysfs_parse_state(no_states[_i], strlen(no_states[_i]), &number, name, sizeof(name)), "%s",
                  no_states[_i]);
    ck_assert_int_eq(number, SENTINEL);
    ck_assert_str_eq(name, "kept");
}
END_TEST

/* --- Texts --- */

static const struct {
    const char *text;
    size_t length;
    const char *printable;
} texts[] = {
    {OCTETS("28.41.1000\n"), "28.41.1000"},
    {OCTETS("no newline"), "no newline"},
    {OCTETS("x.y.z\n\n"), "x.y.z"},
    {OCTETS("a\nb\n"), "a?b"},
    {OCTETS(" kept \n"), " kept "},
    {OCTETS("\tK\xc3\xb6ln\x7f\n"), "?K??ln?"},
    {OCTETS("a\0b\n"), "a?b"},
    {OCTETS("~\n"), "~"},
    {OCTETS("0123456789abcdef\n"), "0123456789abcde"}, /* cut to the size below */
};

START_TEST(a_text_is_made_printable_and_cut)
{
    char printable[16];

    ck_assert(sysfs_parse_text(texts[_i].text, texts[_i].length, printable, sizeof(printable)));
    ck_assert_str_eq(printable, texts[_i].printable);
}
END_TEST

static const char *const empty_texts[] = {"", "\n", "\n\n\n"};

START_TEST(newlines_alone_are_no_text)
{
    char printable[16] = "kept";

    ck_assert(!sysfs_parse_text(empty_texts[_i], strlen(empty_texts[_i]), printable, sizeof(printable)));
    ck_assert_str_eq(printable, "kept");
}
END_TEST

/* --- GUIDs --- */

static const struct {
    const char *text, *printable;
} guids[] = {
    {"0c42:a103:0065:1f3a\n", "0c42:a103:0065:1f3a"},
    {"fe80:0000:0000:0000:0c42:a1ff:fe65:1f3a\n", "fe80:0000:0000:0000:0c42:a1ff:fe65:1f3a"},
    {"0000:0000:0000:0001\n", "0000:0000:0000:0001"},
    {"ABCD:0000:0000:0000\n", "ABCD:0000:0000:0000"},
};

START_TEST(a_guid_is_groups_of_hexadecimal_digits)
{
    char printable[65];

    ck_assert(sysfs_parse_guid(guids[_i].text, strlen(guids[_i].text), printable, sizeof(printable)));
    ck_assert_str_eq(printable, guids[_i].printable);
}
END_TEST

static const char *const no_guids[] = {
    "",
    "\n",
    "0000:0000:0000:0000\n",
    "0000:0000:0000:0000:0000:0000:0000:0000\n",
    ":::\n",
    "none\n",
    "0c42-a103-0065-1f3a\n",
    "0c42:a103:0065:1f3g\n",
    " 0c42:a103:0065:1f3a\n",
    "0x1\n",
    "18446744073709551616\n",
    "0c42:a103:0065\n",
    "0c42:a103:0065:1f3\n",
    "0c42:a103:0065:1f3a:\n",
    "0c42:a103:0065:1f3a\n\n",
    ":c42:a103:0065:1f3a\n",
};

START_TEST(zeros_and_anything_else_are_no_guid)
{
    char printable[65] = "kept";

    ck_assert(!sysfs_parse_guid(no_guids[_i], strlen(no_guids[_i]), printable, sizeof(printable)));
    ck_assert_str_eq(printable, "kept");
}
END_TEST

/* --- PCI addresses --- */

static const struct {
    const char *text;
    bool is_address;
} addresses[] = {
    {"0000:1a:00.0", true},    {"ffff:ff:1f.7", true},   {"0000:1A:00.1", true},  {"", false},
    {"1a:00.0", false},        {"0000:1a:00", false},    {"0000:1a:00.", false},  {"0000:1a:00.10", false},
    {"0000:1a:00:0", false},   {"0000-1a-00.0", false},  {"000g:1a:00.0", false}, {"pci0000:17", false},
    {"mlx5_core.sf.4", false}, {"0000:1a:00.0 ", false},
};

START_TEST(a_pci_address_has_its_form)
{
    ck_assert_msg(sysfs_is_pci_address(addresses[_i].text, strlen(addresses[_i].text)) == addresses[_i].is_address,
                  "%s", addresses[_i].text);
}
END_TEST

/* A component of a path is not terminated. */
START_TEST(a_pci_address_may_be_part_of_a_path)
{
    ck_assert(sysfs_is_pci_address("0000:1a:00.0/infiniband/mlx5_0", strlen("0000:1a:00.0")));
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("sysfs_parse");
    TCase *tcase = unit_case(suite, "parse");

    tcase_add_loop_test(tcase, a_counter_is_decimal_digits_and_a_newline, 0, UNIT_COUNT(counters));
    tcase_add_loop_test(tcase, anything_else_is_no_counter, 0, UNIT_COUNT(no_counters));
    tcase_add_loop_test(tcase, a_number_is_decimal_or_hexadecimal, 0, UNIT_COUNT(numbers));
    tcase_add_loop_test(tcase, anything_else_is_no_number, 0, UNIT_COUNT(no_numbers));
    tcase_add_loop_test(tcase, a_state_is_a_number_and_a_text, 0, UNIT_COUNT(states));
    tcase_add_loop_test(tcase, anything_else_is_no_state, 0, UNIT_COUNT(no_states));
    tcase_add_loop_test(tcase, a_text_is_made_printable_and_cut, 0, UNIT_COUNT(texts));
    tcase_add_loop_test(tcase, newlines_alone_are_no_text, 0, UNIT_COUNT(empty_texts));
    tcase_add_loop_test(tcase, a_guid_is_groups_of_hexadecimal_digits, 0, UNIT_COUNT(guids));
    tcase_add_loop_test(tcase, zeros_and_anything_else_are_no_guid, 0, UNIT_COUNT(no_guids));
    tcase_add_loop_test(tcase, a_pci_address_has_its_form, 0, UNIT_COUNT(addresses));
    tcase_add_test(tcase, a_pci_address_may_be_part_of_a_path);
    return suite;
}
