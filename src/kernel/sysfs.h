/* sysfs: one value from one file below a directory. Reading and parsing are separate: the first half does I/O and
 * parses nothing, the second is pure. Knows nothing of RDMA. Nothing is ever opened for writing. */
#ifndef RDMA_AGENTX_SYSFS_H
#define RDMA_AGENTX_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* True if root is /sys: then other interfaces of the kernel speak of the same devices. */
bool sysfs_is_real(const char *root);

/* --- Reading. All return -errno when they fail. --- */

/* A descriptor of the directory at path below the directory dir (AT_FDCWD is fine); the caller closes it. */
int sysfs_open_directory(int dir, const char *path);

/* A descriptor of the file at path below dir, for sysfs_read; the caller closes it. Never blocks on a FIFO. */
int sysfs_open(int dir, const char *path);

/* Reads the whole file from its start into text and terminates it; returns the length. -EFBIG if it does not fit: a
 * value that was cut is no value. A held sysfs descriptor gives the value of now at each call, and -ENODEV once what it
 * belongs to is gone (fs/kernfs/file.c). */
ssize_t sysfs_read(int fd, char *text, size_t size);

/* sysfs_open, sysfs_read and close in one. */
ssize_t sysfs_read_file(int dir, const char *path, char *text, size_t size);

/* The target of a symbolic link, terminated; -ENAMETOOLONG if it does not fit. */
ssize_t sysfs_read_link(int dir, const char *path, char *text, size_t size);

/* Calls each for every entry of the directory at path except those whose name begins with a dot, in no order, until
 * each returns false. Returns 0. */
int sysfs_list(int dir, const char *path, bool (*each)(void *context, const char *name), void *context);

/* Likewise; *mark becomes a number that is another one if an entry has come, has gone, has been renamed or replaced by one
 * of its name: what the directory itself knows of them. Of use only if each never stops. */
int sysfs_list_marked(int dir, const char *path, bool (*each)(void *context, const char *name), void *context,
                      uint64_t *mark);

/* --- Parsing. All return false, and leave the result alone, for a text that does not say what it should. --- */

/* Decimal digits and one newline, at most 2^64-1: what the kernel prints for a counter. "N/A (no PMA)" is none. */
bool sysfs_parse_counter(const char *text, size_t length, uint64_t *value);

/* "0x1a" or "26" and one newline; at most 2^32-1. text must be terminated, as sysfs_read leaves it. */
bool sysfs_parse_number(const char *text, size_t length, int64_t *value);

/* "4: ACTIVE": the number and, printable, what follows the colon. */
bool sysfs_parse_state(const char *text, size_t length, int64_t *number, char *name, size_t size);

/* A printable copy: newlines at the end go away, what is not ASCII or not printable becomes '?', what exceeds size is
 * cut. False if nothing is left. */
bool sysfs_parse_text(const char *text, size_t length, char *printable, size_t size);

/* Eight or four groups of hexadecimal digits, as GIDs and GUIDs are printed; false if all of them are zero. */
bool sysfs_parse_guid(const char *text, size_t length, char *printable, size_t size);

/* "400 Gb/sec (4X NDR)" in its parts. Speed in Mb/s; generation is empty where the kernel prints none (before 4.9). */
struct sysfs_rate {
    int64_t speed, width;
    char speed_text[24], width_text[8], generation[16];
};
bool sysfs_parse_rate(const char *text, size_t length, struct sysfs_rate *rate);

/* True for the form dddd:bb:dd.f of a PCI function. */
bool sysfs_is_pci_address(const char *text, size_t length);

#endif
