#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char all_directories[UNIT_PATH_SIZE / 2];

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static int remove_tree(const char *path)
{
    enum { DESCRIPTORS = 16 };

    return nftw(path, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}

enum { TIMEOUT = 30 }; /* s; what takes longer hangs. Libcheck's 4 s are little on a busy machine under a sanitizer */

TCase *unit_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);

    tcase_set_timeout(tcase, TIMEOUT);
    suite_add_tcase(suite, tcase);
    return tcase;
}

void unit_directory(char *path)
{
    int n = snprintf(path, UNIT_PATH_SIZE, "%s/XXXXXX", all_directories);

    ck_assert_int_lt(n, UNIT_PATH_SIZE);
    ck_assert_msg(mkdtemp(path) != NULL, "%s: %s", path, strerror(errno));
}

const char *unit_path(char *text, const char *directory, const char *path)
{
    int n = snprintf(text, UNIT_PATH_SIZE, "%s/%s", directory, path);

    ck_assert_int_lt(n, UNIT_PATH_SIZE);
    return text;
}

/* Makes what is missing of the directories that path leads through. */
static void make_above(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        ck_assert_msg(mkdir(path, 0755) == 0 || errno == EEXIST, "%s: %s", path, strerror(errno));
        *slash = '/';
    }
}

void unit_write_octets(const char *directory, const char *path, const void *octets, size_t length)
{
    char whole[UNIT_PATH_SIZE];
    int fd;

    unit_path(whole, directory, path);
    make_above(whole);
    fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    ck_assert_msg(fd >= 0, "%s: %s", whole, strerror(errno));
    ck_assert_int_eq(write(fd, octets, length), (ssize_t)length);
    close(fd);
}

void unit_write(const char *directory, const char *path, const char *text)
{
    unit_write_octets(directory, path, text, strlen(text));
}

void unit_mkdir(const char *directory, const char *path)
{
    char whole[UNIT_PATH_SIZE];

    unit_path(whole, directory, path);
    make_above(whole);
    ck_assert_msg(mkdir(whole, 0755) == 0 || errno == EEXIST, "%s: %s", whole, strerror(errno));
}

void unit_symlink(const char *directory, const char *path, const char *target)
{
    char whole[UNIT_PATH_SIZE];

    unit_path(whole, directory, path);
    make_above(whole);
    ck_assert_msg(symlink(target, whole) == 0, "%s: %s", whole, strerror(errno));
}

void unit_remove(const char *directory, const char *path)
{
    char whole[UNIT_PATH_SIZE];

    ck_assert_msg(remove_tree(unit_path(whole, directory, path)) == 0, "%s: %s", whole, strerror(errno));
}

void unit_rename(const char *directory, const char *from, const char *to)
{
    char old[UNIT_PATH_SIZE], new[UNIT_PATH_SIZE];

    ck_assert_msg(rename(unit_path(old, directory, from), unit_path(new, directory, to)) == 0, "%s to %s: %s", old, new,
                  strerror(errno));
}

int unit_descriptors(void)
{
    DIR *stream = opendir("/proc/self/fd");
    int count = 0;

    ck_assert_ptr_nonnull(stream);
    while (readdir(stream))
        count++;
    closedir(stream);
    return count - 3; /* ".", ".." and the stream's own */
}

int main(void)
{
    const char *place = getenv("TMPDIR");
    SRunner *runner;
    int failed;

    snprintf(all_directories, sizeof(all_directories), "%s/rdma-agentx-unit.XXXXXX", place ? place : "/tmp");
    if (!mkdtemp(all_directories)) {
        printf("Bail out! %s: %s\n", all_directories, strerror(errno));
        return EXIT_FAILURE;
    }
    runner = srunner_create(unit_suite());
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    remove_tree(all_directories);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
