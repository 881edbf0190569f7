/* tree_device: removal, renaming and re-registration, as the kernel does them with a device.
 *
 * A device is a directory, and a link of the same name that leads there from its class. Where a path names such a
 * link, both are meant; otherwise the node at the path is. */
#ifndef RDMA_AGENTX_TREE_DEVICE_H
#define RDMA_AGENTX_TREE_DEVICE_H

#include "tree.h"

/* All three: 0 or -errno. */

/* Removes what is at path, and all below. */
int tree_device_remove(struct tree *tree, const char *path);

/* Moves what is at path to new_path, with its inodes. The directory of a device keeps its place under the new name,
 * and the link then leads there. */
int tree_device_rename(struct tree *tree, const char *path, const char *new_path);

/* Removes what is at path and puts it back with new inodes; faults and counts stay. */
int tree_device_readd(struct tree *tree, const char *path);

#endif
