/* family_fake: a family around rows that are there already, for tests of what serves it. */
#ifndef RDMA_AGENTX_FAMILY_FAKE_H
#define RDMA_AGENTX_FAMILY_FAKE_H

#include "family/family.h"

/* A family of this look, which must outlive it; its state is the look. */
struct family family_fake(const struct look *look);

#endif
