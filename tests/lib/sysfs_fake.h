/* sysfs_fake: stands between scan and sysfs (-Wl,--wrap=sysfs_open,--wrap=sysfs_read,--wrap=sysfs_read_file): makes
 * files of a plain directory fail as those of sysfs do, and remembers what was read. */
#ifndef RDMA_AGENTX_SYSFS_FAKE_H
#define RDMA_AGENTX_SYSFS_FAKE_H

#include <stddef.h>

/* From now on, reading a file fails with this errno if its path contains part; 0: not any more. The last call that fits
 * a path counts. */
void sysfs_fake_fail(const char *part, int error);

/* Likewise for opening it to be held. */
void sysfs_fake_fail_hold(const char *part, int error);

/* How often a file whose path contains part was read, or tried to, since sysfs_fake_forget; and how often opened and
 * kept open. */
size_t sysfs_fake_reads(const char *part);
size_t sysfs_fake_opens(const char *part);

/* The path of the first such read that contains part, or NULL. */
const char *sysfs_fake_first_read(const char *part);

void sysfs_fake_forget(void);

/* Called once, before the next read of a path that contains part. */
void sysfs_fake_call_before(const char *part, void (*call)(void));

#endif
