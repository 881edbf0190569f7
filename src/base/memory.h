/* memory: allocation that ends the process with a message when memory is out. */
#ifndef RDMA_AGENTX_MEMORY_H
#define RDMA_AGENTX_MEMORY_H

#include <stddef.h>

/* count zeroed elements of size octets, never NULL; the caller frees them. An element of size 0 or a count of 0 gives
 * memory that may be freed but holds nothing. */
void *memory_new(size_t count, size_t size);

/* old, grown or shrunk to count elements; never NULL. New room is not zeroed. */
void *memory_resize(void *old, size_t count, size_t size);

#endif
