/* families_test: which families a list turns on. */
#include <string.h>

#include "daemon/families.h"
#include "lib/unit.h"

static const struct family port = {.name = "port", .is_default = true, .is_forced = true},
                           ethernet = {.name = "ethernet", .is_default = true}, process = {.name = "process"},
                           history = {.name = "history"};
static const struct family *const families[] = {&port, &ethernet, &process, &history};

static const struct {
    const char *list, *on;
} lists[] = {
    {NULL, "pe"},
    {"port", "p"},
    {"ethernet", "pe"},
    {"process", "p r"},
    {"process,history", "p rh"},
    {"+process", "per"},
    {"+ethernet", "pe"},
    {"+process,history", "perh"},
    {"-ethernet", "p"},
    {"-process", "pe"},
    {"", "p"},
    {"port,port", "p"},
};

START_TEST(a_list_says_what_is_on)
{
    static const char letters[] = "perh";
    bool on[UNIT_COUNT(families)];
    char error[256];

    ck_assert(families_choose(families, UNIT_COUNT(families), lists[_i].list, on, error, sizeof(error)));
    for (int i = 0; i < UNIT_COUNT(families); i++)
        ck_assert_int_eq(on[i], strchr(lists[_i].on, letters[i]) != NULL);
}
END_TEST

static const struct {
    const char *list, *error;
} mistakes[] = {
    {"prot", "--families: \"prot\" is none of port ethernet process history"},
    {"port,", NULL},
    {"+proc", "--families: \"proc\" is none of port ethernet process history"},
    {"port, ethernet", "--families: \" ethernet\" is none of port ethernet process history"},
    {",", "--families: \"\" is none of port ethernet process history"},
    {"-port", "--families: port cannot be taken away: unasked it reads nothing"},
    {"-ethernet,port", "--families: port cannot be taken away: unasked it reads nothing"},
};

START_TEST(a_mistake_is_named_and_told_what_would_be_right)
{
    bool on[UNIT_COUNT(families)];
    char error[256] = "";

    ck_assert_int_eq(families_choose(families, UNIT_COUNT(families), mistakes[_i].list, on, error, sizeof(error)),
                     mistakes[_i].error == NULL);
    if (mistakes[_i].error)
        ck_assert_str_eq(error, mistakes[_i].error);
}
END_TEST

START_TEST(the_families_of_the_program_have_names_and_arcs_of_their_own)
{
    size_t count;
    const struct family *const *all = families_all(&count);

    for (size_t i = 0; i < count; i++) {
        ck_assert_str_ne(all[i]->mib->name, "");
        for (size_t j = 0; j < i; j++) {
            ck_assert_str_ne(all[i]->name, all[j]->name);
            ck_assert_uint_ne(all[i]->mib->path[0], all[j]->mib->path[0]);
        }
    }
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("families");
    TCase *tcase = unit_case(suite, "families");

    tcase_add_loop_test(tcase, a_list_says_what_is_on, 0, UNIT_COUNT(lists));
    tcase_add_loop_test(tcase, a_mistake_is_named_and_told_what_would_be_right, 0, UNIT_COUNT(mistakes));
    tcase_add_test(tcase, the_families_of_the_program_have_names_and_arcs_of_their_own);
    return suite;
}
