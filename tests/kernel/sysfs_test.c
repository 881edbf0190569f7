/* sysfs_test: reading one file, one link, one directory: what is there, what is not, and what must not block. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "kernel/sysfs.h"
#include "lib/unit.h"

enum { SIZE = 64 };

static char root[UNIT_PATH_SIZE];
static int directory;

static void make_files(void)
{
    char path[UNIT_PATH_SIZE];
    char *megabyte = malloc(1 << 20);

    unit_directory(root);
    directory = sysfs_open_directory(AT_FDCWD, root);
    ck_assert_int_ge(directory, 0);
    unit_write(root, "counter", "12\n");
    unit_write(root, "empty", "");
    unit_write_octets(root, "nul", "a\0b\n", 4);
    unit_mkdir(root, "directory");
    unit_symlink(root, "loop", "loop");
    unit_symlink(root, "link", "counter");
    unit_symlink(root, "dangling", "nowhere");
    ck_assert_int_eq(mkfifo(unit_path(path, root, "fifo"), 0644), 0);
    memset(megabyte, '1', 1 << 20);
    unit_write_octets(root, "megabyte", megabyte, 1 << 20);
    unit_write_octets(root, "just_fits", megabyte, SIZE - 1);
    unit_write_octets(root, "just_not", megabyte, SIZE);
    free(megabyte);
}

static void close_directory(void)
{
    close(directory);
}

/* --- Files --- */

static const struct {
    const char *path, *text;
    size_t length;
} files[] = {
    {"counter", "12\n", 3}, {"./directory/../counter", "12\n", 3}, {"link", "12\n", 3}, {"empty", "", 0},
    {"nul", "a\0b\n", 4},
};

START_TEST(a_file_is_read_whole_and_terminated)
{
    char text[SIZE];

    memset(text, '#', sizeof(text));
    ck_assert_int_eq(sysfs_read_file(directory, files[_i].path, text, sizeof(text)), (ssize_t)files[_i].length);
    ck_assert_mem_eq(text, files[_i].text, files[_i].length + 1);
}
END_TEST

static const struct {
    const char *path;
    int error;
} unreadable[] = {
    {"missing", ENOENT}, {"missing/counter", ENOENT}, {"dangling", ENOENT}, {"directory", EISDIR}, {"fifo", ESPIPE},
    {"loop", ELOOP},     {"counter/x", ENOTDIR},      {"", ENOENT},         {"megabyte", EFBIG},   {"just_not", EFBIG},
};

START_TEST(what_cannot_be_read_says_why_and_leaves_nothing_open)
{
    int before = unit_descriptors();
    char text[SIZE];

    ck_assert_int_eq(sysfs_read_file(directory, unreadable[_i].path, text, sizeof(text)), -unreadable[_i].error);
    ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

START_TEST(a_text_one_octet_shorter_than_its_room_fits)
{
    char text[SIZE];

    ck_assert_int_eq(sysfs_read_file(directory, "just_fits", text, sizeof(text)), SIZE - 1);
    ck_assert_uint_eq(strlen(text), SIZE - 1);
}
END_TEST

START_TEST(a_socket_is_no_file)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[UNIT_PATH_SIZE], text[SIZE];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    unit_path(path, root, "socket");
    ck_assert_uint_lt(strlen(path), sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(sysfs_read_file(directory, "socket", text, sizeof(text)), -ENXIO);
    close(fd);
}
END_TEST

START_TEST(a_file_is_opened_for_reading_only_and_not_inherited)
{
    int fd = sysfs_open(directory, "counter");

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    close(fd);
    ck_assert_int_eq(fcntl(directory, F_GETFL) & O_ACCMODE, O_RDONLY);
    ck_assert_int_eq(fcntl(directory, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}
END_TEST

START_TEST(a_held_descriptor_gives_the_value_of_now)
{
    static const char *const values[] = {"12\n", "13\n", "18446744073709551615\n", "0\n", ""};
    int fd = sysfs_open(directory, "counter");
    char text[SIZE];

    for (int i = 0; i < UNIT_COUNT(values); i++) {
        unit_write(root, "counter", values[i]);
        ck_assert_int_eq(sysfs_read(fd, text, sizeof(text)), (ssize_t)strlen(values[i]));
        ck_assert_str_eq(text, values[i]);
    }
    close(fd);
    ck_assert_int_eq(sysfs_read(fd, text, sizeof(text)), -EBADF);
}
END_TEST

START_TEST(a_file_is_no_directory)
{
    ck_assert_int_eq(sysfs_open_directory(directory, "counter"), -ENOTDIR);
    ck_assert_int_eq(sysfs_open_directory(directory, "missing"), -ENOENT);
    ck_assert_int_eq(sysfs_open_directory(directory, "fifo"), -ENOTDIR);
}
END_TEST

/* --- Links --- */

START_TEST(a_link_is_read_and_not_followed)
{
    char target[SIZE];

    ck_assert_int_eq(sysfs_read_link(directory, "dangling", target, sizeof(target)), (ssize_t)strlen("nowhere"));
    ck_assert_str_eq(target, "nowhere");
    ck_assert_int_eq(sysfs_read_link(directory, "dangling", target, sizeof("nowhere")), (ssize_t)strlen("nowhere"));
    ck_assert_int_eq(sysfs_read_link(directory, "dangling", target, sizeof("nowhere") - 1), -ENAMETOOLONG);
    ck_assert_int_eq(sysfs_read_link(directory, "counter", target, sizeof(target)), -EINVAL);
    ck_assert_int_eq(sysfs_read_link(directory, "missing", target, sizeof(target)), -ENOENT);
}
END_TEST

/* --- Directories --- */

struct names {
    char name[8][SIZE];
    int count, most;
};

static bool note_name(void *context, const char *name)
{
    struct names *names = context;

    snprintf(names->name[names->count++], SIZE, "%s", name);
    return names->count < names->most;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

START_TEST(a_directory_is_listed_without_dot_names)
{
    struct names names = {.most = 8};

    unit_write(root, "ports/1", "");
    unit_write(root, "ports/10", "");
    unit_write(root, "ports/.hidden", "");
    unit_mkdir(root, "ports/2");
    ck_assert_int_eq(sysfs_list(directory, "ports", note_name, &names), 0);
    ck_assert_int_eq(names.count, 3);
    qsort(names.name, 3, sizeof(names.name[0]), compare);
    ck_assert_str_eq(names.name[0], "1");
    ck_assert_str_eq(names.name[1], "10");
    ck_assert_str_eq(names.name[2], "2");
}
END_TEST

static uint64_t mark(void)
{
    struct names names = {.most = 8};
    uint64_t mark;

    ck_assert_int_eq(sysfs_list_marked(directory, "class", note_name, &names, &mark), 0);
    return mark;
}

START_TEST(a_listing_is_marked_by_what_is_there)
{
    uint64_t before, after;

    unit_symlink(root, "class/a", "../one");
    unit_symlink(root, "class/b", "../two");
    before = mark();
    ck_assert_uint_eq(mark(), before);
    unit_write(root, "one/file", "");
    ck_assert_uint_eq(mark(), before);

    unit_rename(root, "class/a", "class/c"); /* the two swap their names */
    unit_rename(root, "class/b", "class/a");
    unit_rename(root, "class/c", "class/b");
    after = mark();
    ck_assert_uint_ne(after, before);
    unit_symlink(root, "class/c", "../three");
    ck_assert_uint_ne(mark(), after);
    unit_remove(root, "class/c");
    ck_assert_uint_eq(mark(), after);
    unit_symlink(root, "class/new", "../one"); /* another one takes the place of b */
    unit_rename(root, "class/new", "class/b");
    ck_assert_uint_ne(mark(), after);
}
END_TEST

START_TEST(a_listing_ends_when_its_reader_has_enough)
{
    struct names names = {.most = 2};

    ck_assert_int_eq(sysfs_list(AT_FDCWD, root, note_name, &names), 0);
    ck_assert_int_eq(names.count, 2);
}
END_TEST

START_TEST(an_empty_directory_has_no_names)
{
    struct names names = {.most = 8};

    ck_assert_int_eq(sysfs_list(directory, "directory", note_name, &names), 0);
    ck_assert_int_eq(names.count, 0);
}
END_TEST

static const struct {
    const char *path;
    int error;
} unlistable[] = {{"missing", ENOENT}, {"counter", ENOTDIR}, {"loop", ELOOP}, {"fifo", ENOTDIR}};

START_TEST(what_is_no_directory_is_not_listed)
{
    struct names names = {.most = 8};
    int before = unit_descriptors();

    ck_assert_int_eq(sysfs_list(directory, unlistable[_i].path, note_name, &names), -unlistable[_i].error);
    ck_assert_int_eq(names.count, 0);
    ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

START_TEST(a_listing_leaves_nothing_open)
{
    struct names names = {.most = 1};
    int before = unit_descriptors();

    ck_assert_int_eq(sysfs_list(AT_FDCWD, root, note_name, &names), 0);
    ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("sysfs");
    TCase *tcase = unit_case(suite, "read");

    tcase_add_checked_fixture(tcase, make_files, close_directory);
    tcase_add_loop_test(tcase, a_file_is_read_whole_and_terminated, 0, UNIT_COUNT(files));
    tcase_add_loop_test(tcase, what_cannot_be_read_says_why_and_leaves_nothing_open, 0, UNIT_COUNT(unreadable));
    tcase_add_test(tcase, a_text_one_octet_shorter_than_its_room_fits);
    tcase_add_test(tcase, a_socket_is_no_file);
    tcase_add_test(tcase, a_file_is_opened_for_reading_only_and_not_inherited);
    tcase_add_test(tcase, a_held_descriptor_gives_the_value_of_now);
    tcase_add_test(tcase, a_file_is_no_directory);
    tcase_add_test(tcase, a_link_is_read_and_not_followed);
    tcase_add_test(tcase, a_directory_is_listed_without_dot_names);
    tcase_add_test(tcase, a_listing_is_marked_by_what_is_there);
    tcase_add_test(tcase, a_listing_ends_when_its_reader_has_enough);
    tcase_add_test(tcase, an_empty_directory_has_no_names);
    tcase_add_loop_test(tcase, what_is_no_directory_is_not_listed, 0, UNIT_COUNT(unlistable));
    tcase_add_test(tcase, a_listing_leaves_nothing_open);
    return suite;
}
