/* unit: what all unit test programs share: main(), which prints TAP, and directories of plain files for them to read.
 */
#ifndef RDMA_AGENTX_UNIT_H
#define RDMA_AGENTX_UNIT_H

#include <check.h>
#include <stddef.h>

enum { UNIT_PATH_SIZE = 512 };

#define UNIT_COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* What the program tests; main() runs it. Each test is a process of its own. */
Suite *unit_suite(void);

/* Adds a test case of this name to the suite, for tests to be added to. */
TCase *unit_case(Suite *suite, const char *name);

/* A new, empty directory, which main() removes with all others at the end. path has UNIT_PATH_SIZE. */
void unit_directory(char *path);

/* The path of something below a directory; text has UNIT_PATH_SIZE. Returns text. */
const char *unit_path(char *text, const char *directory, const char *path);

/* Puts a file, a directory or a link at path below directory and makes the directories above it. A file that exists is
 * changed in place, as sysfs does: a descriptor that is held sees it. */
void unit_write(const char *directory, const char *path, const char *text);
void unit_write_octets(const char *directory, const char *path, const void *octets, size_t length);
void unit_mkdir(const char *directory, const char *path);
void unit_symlink(const char *directory, const char *path, const char *target);

/* Removes path and all below. */
void unit_remove(const char *directory, const char *path);
void unit_rename(const char *directory, const char *from, const char *to);

/* How many descriptors the process has open. */
int unit_descriptors(void);

#endif
