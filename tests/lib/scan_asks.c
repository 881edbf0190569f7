#include "scan_asks.h"

#include <stdio.h>
#include <string.h>

#include "scan_tree.h"
#include "sysfs_fake.h"
#include "unit.h"

size_t scan_asks(int64_t after, const char *part)
{
    sysfs_fake_forget();
    scan_tree_read(after);
    return sysfs_fake_reads(part);
}

bool scan_asked_attributes(void)
{
    static const char *const files[] = {"link_layer", "rate",  "lid",      "lid_mask_count",
                                        "sm_lid",     "sm_sl", "cap_mask", "gids/0"};
    size_t reads = 0;
    char part[64];

    for (int i = 0; i < UNIT_COUNT(files); i++) {
        snprintf(part, sizeof(part), "/ports/1/%s", files[i]);
        ck_assert_uint_le(sysfs_fake_reads(part), strcmp(files[i], "lid") == 0 ? 2 : 1); /* lid_mask_count */
        reads += sysfs_fake_reads(part) > 0;
    }
    ck_assert(reads == 0 || reads == UNIT_COUNT(files));
    return reads > 0;
}
