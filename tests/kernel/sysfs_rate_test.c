/* sysfs_rate_test: every rate the kernel can print, and what no kernel prints. */
#include <string.h>

#include "kernel/sysfs.h"
#include "lib/unit.h"

static const struct {
    const char *text;
    int64_t speed, width; /* Mb/s, lanes */
    const char *speed_text, *width_text, *generation;
} rates[] = {
    /* rate_show in drivers/infiniband/core/sysfs.c: nine generations, five widths. */
    {"2.5 Gb/sec (1X SDR)\n", 2500, 1, "2.5 Gb/sec", "1X", "SDR"},
    {"5 Gb/sec (2X SDR)\n", 5000, 2, "5 Gb/sec", "2X", "SDR"},
    {"10 Gb/sec (4X SDR)\n", 10000, 4, "10 Gb/sec", "4X", "SDR"},
    {"20 Gb/sec (8X SDR)\n", 20000, 8, "20 Gb/sec", "8X", "SDR"},
    {"30 Gb/sec (12X SDR)\n", 30000, 12, "30 Gb/sec", "12X", "SDR"},
    {"5 Gb/sec (1X DDR)\n", 5000, 1, "5 Gb/sec", "1X", "DDR"},
    {"10 Gb/sec (2X DDR)\n", 10000, 2, "10 Gb/sec", "2X", "DDR"},
    {"20 Gb/sec (4X DDR)\n", 20000, 4, "20 Gb/sec", "4X", "DDR"},
    {"40 Gb/sec (8X DDR)\n", 40000, 8, "40 Gb/sec", "8X", "DDR"},
    {"60 Gb/sec (12X DDR)\n", 60000, 12, "60 Gb/sec", "12X", "DDR"},
    {"10 Gb/sec (1X QDR)\n", 10000, 1, "10 Gb/sec", "1X", "QDR"},
    {"20 Gb/sec (2X QDR)\n", 20000, 2, "20 Gb/sec", "2X", "QDR"},
    {"40 Gb/sec (4X QDR)\n", 40000, 4, "40 Gb/sec", "4X", "QDR"},
    {"80 Gb/sec (8X QDR)\n", 80000, 8, "80 Gb/sec", "8X", "QDR"},
    {"120 Gb/sec (12X QDR)\n", 120000, 12, "120 Gb/sec", "12X", "QDR"},
    {"10 Gb/sec (1X FDR10)\n", 10000, 1, "10 Gb/sec", "1X", "FDR10"},
    {"20 Gb/sec (2X FDR10)\n", 20000, 2, "20 Gb/sec", "2X", "FDR10"},
    {"40 Gb/sec (4X FDR10)\n", 40000, 4, "40 Gb/sec", "4X", "FDR10"},
    {"80 Gb/sec (8X FDR10)\n", 80000, 8, "80 Gb/sec", "8X", "FDR10"},
    {"120 Gb/sec (12X FDR10)\n", 120000, 12, "120 Gb/sec", "12X", "FDR10"},
    {"14 Gb/sec (1X FDR)\n", 14000, 1, "14 Gb/sec", "1X", "FDR"},
    {"28 Gb/sec (2X FDR)\n", 28000, 2, "28 Gb/sec", "2X", "FDR"},
    {"56 Gb/sec (4X FDR)\n", 56000, 4, "56 Gb/sec", "4X", "FDR"},
    {"112 Gb/sec (8X FDR)\n", 112000, 8, "112 Gb/sec", "8X", "FDR"},
    {"168 Gb/sec (12X FDR)\n", 168000, 12, "168 Gb/sec", "12X", "FDR"},
    {"25 Gb/sec (1X EDR)\n", 25000, 1, "25 Gb/sec", "1X", "EDR"},
    {"50 Gb/sec (2X EDR)\n", 50000, 2, "50 Gb/sec", "2X", "EDR"},
    {"100 Gb/sec (4X EDR)\n", 100000, 4, "100 Gb/sec", "4X", "EDR"},
    {"200 Gb/sec (8X EDR)\n", 200000, 8, "200 Gb/sec", "8X", "EDR"},
    {"300 Gb/sec (12X EDR)\n", 300000, 12, "300 Gb/sec", "12X", "EDR"},
    {"50 Gb/sec (1X HDR)\n", 50000, 1, "50 Gb/sec", "1X", "HDR"},
    {"100 Gb/sec (2X HDR)\n", 100000, 2, "100 Gb/sec", "2X", "HDR"},
    {"200 Gb/sec (4X HDR)\n", 200000, 4, "200 Gb/sec", "4X", "HDR"},
    {"400 Gb/sec (8X HDR)\n", 400000, 8, "400 Gb/sec", "8X", "HDR"},
    {"600 Gb/sec (12X HDR)\n", 600000, 12, "600 Gb/sec", "12X", "HDR"},
    {"100 Gb/sec (1X NDR)\n", 100000, 1, "100 Gb/sec", "1X", "NDR"},
    {"200 Gb/sec (2X NDR)\n", 200000, 2, "200 Gb/sec", "2X", "NDR"},
    {"400 Gb/sec (4X NDR)\n", 400000, 4, "400 Gb/sec", "4X", "NDR"},
    {"800 Gb/sec (8X NDR)\n", 800000, 8, "800 Gb/sec", "8X", "NDR"},
    {"1200 Gb/sec (12X NDR)\n", 1200000, 12, "1200 Gb/sec", "12X", "NDR"},
    {"200 Gb/sec (1X XDR)\n", 200000, 1, "200 Gb/sec", "1X", "XDR"},
    {"400 Gb/sec (2X XDR)\n", 400000, 2, "400 Gb/sec", "2X", "XDR"},
    {"800 Gb/sec (4X XDR)\n", 800000, 4, "800 Gb/sec", "4X", "XDR"},
    {"1600 Gb/sec (8X XDR)\n", 1600000, 8, "1600 Gb/sec", "8X", "XDR"},
    {"2400 Gb/sec (12X XDR)\n", 2400000, 12, "2400 Gb/sec", "12X", "XDR"},
    /* Linux 4.8 and before, and a file without its newline. */
    {"10 Gb/sec (4X)\n", 10000, 4, "10 Gb/sec", "4X", ""},
    {"400 Gb/sec (4X NDR)", 400000, 4, "400 Gb/sec", "4X", "NDR"},
    /* What may come. */
    {"999999 Gb/sec (999999X 012345678901234)\n", 999999000, 999999, "999999 Gb/sec", "999999X", "012345678901234"},
    {"0.1 Gb/sec (0X Z)\n", 100, 0, "0.1 Gb/sec", "0X", "Z"},
};

START_TEST(a_rate_comes_apart_into_speed_width_and_generation)
{
    struct sysfs_rate rate;

    ck_assert_msg(sysfs_parse_rate(rates[_i].text, strlen(rates[_i].text), &rate), "%s", rates[_i].text);
    ck_assert_int_eq(rate.speed, rates[_i].speed);
    ck_assert_int_eq(rate.width, rates[_i].width);
    ck_assert_str_eq(rate.speed_text, rates[_i].speed_text);
    ck_assert_str_eq(rate.width_text, rates[_i].width_text);
    ck_assert_str_eq(rate.generation, rates[_i].generation);
}
END_TEST

static const struct {
    const char *text;
    size_t length;
} no_rates[] = {
#define OCTETS(text) \
    { \
        (text), sizeof(text) - 1 \
    }
    OCTETS(""),
    OCTETS("\n"),
    OCTETS("400\n"),
    OCTETS("400 Gb/sec\n"),
    OCTETS("400 Gb/sec (4X NDR\n"),
    OCTETS("400 Gb/sec (4X NDR)\n\n"),
    OCTETS("400 Gb/sec (4X NDR) \n"),
    OCTETS("400 Gb/sec (4X NDR)x"),
    OCTETS("400 Gb/sec (4X NDR)\0"),
    OCTETS("400 Gb/sec (4X \0NDR)\n"),
    OCTETS("400 Gb/sec (4X )\n"),
    OCTETS("400 Gb/sec (4X N DR)\n"),
    OCTETS("400 Gb/sec (4X  NDR)\n"),
    OCTETS("400 Gb/sec (X NDR)\n"),
    OCTETS("400 Gb/sec (-4X NDR)\n"),
    OCTETS("400 Gb/sec (4 NDR)\n"),
    OCTETS("400 Gb/sec 4X NDR\n"),
    OCTETS("400 Gb/s (4X NDR)\n"),
    OCTETS("400Gb/sec (4X NDR)\n"),
    OCTETS(" 400 Gb/sec (4X NDR)\n"),
    OCTETS("-1 Gb/sec (4X NDR)\n"),
    OCTETS(".5 Gb/sec (1X SDR)\n"),
    OCTETS("2. Gb/sec (1X SDR)\n"),
    OCTETS("2.55 Gb/sec (1X SDR)\n"),
    OCTETS("2,5 Gb/sec (1X SDR)\n"),
    OCTETS("1000000 Gb/sec (4X NDR)\n"),
    OCTETS("400 Gb/sec (1000000X NDR)\n"),
    OCTETS("400 Gb/sec (4X 0123456789012345)\n"),
    OCTETS("N/A\n"),
};

START_TEST(anything_else_is_no_rate)
{
    struct sysfs_rate rate, untouched;

    memset(&rate, 'x', sizeof(rate));
    memset(&untouched, 'x', sizeof(untouched));
    ck_assert_msg(!sysfs_parse_rate(no_rates[_i].text, no_rates[_i].length, &rate), "%s", no_rates[_i].text);
    ck_assert_mem_eq(&rate, &untouched, sizeof(rate));
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("sysfs_rate");
    TCase *tcase = unit_case(suite, "rate");

    tcase_add_loop_test(tcase, a_rate_comes_apart_into_speed_width_and_generation, 0, UNIT_COUNT(rates));
    tcase_add_loop_test(tcase, anything_else_is_no_rate, 0, UNIT_COUNT(no_rates));
    return suite;
}
