/* treefs_control: the commands that steer a treefs while it serves.
 *
 * One a line, answered by one line, "ok ..." or "error: what":
 *
 *     set ENTRY                 any line of a .tree file; what it changes in place, held descriptors see
 *     delay PATH MILLISECONDS   every read takes so long; 0 ends that
 *     hang PATH                 every read waits for
 *     release PATH [ERRNO]      ...this, and then gives its value, or fails
 *     fail PATH ERRNO           every read fails, whatever the file holds; 0 ends that
 *     fail-open PATH ERRNO      every opening fails, that of a directory too; 0 ends that
 *     remove PATH               held descriptors give ENODEV
 *     rename PATH NEW_PATH      inodes stay; no blanks in NEW_PATH
 *     readd PATH                the same again with new inodes, as when a device registers anew
 *     count PATH                "ok OPENS READS" of files
 *     reset-counts
 *     log on|off                begins a new log of paths read, or ends it
 *     list                      "ok [...]", the log as a JSON array
 *     quit
 *
 * A fault of a directory is one of every file below; links below it are not followed. PATH is relative to the root
 * ("." is the root); a link at its end is followed, except by remove, rename and readd: see tree_device.h. */
#ifndef RDMA_AGENTX_TREEFS_CONTROL_H
#define RDMA_AGENTX_TREEFS_CONTROL_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/tree.h"
#include "treefs_reads.h"

struct treefs {
    struct tree tree;
    struct treefs_reads reads;
    bool stop;
};

/* Executes a line, which is cut into pieces, and prints the answer. */
void treefs_control(struct treefs *fs, char *line, FILE *out);

#endif
