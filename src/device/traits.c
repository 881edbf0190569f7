#include "device/traits.h"

#include <stddef.h>
#include <string.h>

#include "base/absent.h"

/* device/driver is the driver of the PCI function, which for bnxt_re and ocrdma is the Ethernet driver. */
static const struct {
    const char *driver; /* the name or, for ionic, how it begins */
    int64_t vendor, part;
    struct driver_traits traits;
} drivers[] = {
    {"hfi1", 0x8086, 0x24f0, {.data_unit = 8}}, /* counts 8-octet flits */
    {"hfi1", 0x8086, 0x24f1, {.data_unit = 8}},
    {"bnxt_en", ABSENT, ABSENT, {.data_unit = 4, .counters_wrap = true}}, /* masks the low 8 or 16 bits */
    {"be2net", ABSENT, ABSENT, {.data_unit = 4, .counters_wrap = true}},  /* cuts to 32 bits */
    {"ionic", ABSENT, ABSENT, {.data_unit = 4, .ones_mean_absent = true}},
};

struct driver_traits traits_of_driver(const char *driver, int64_t vendor, int64_t part)
{
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        if (driver[0] != '\0' ? strncmp(driver, drivers[i].driver, strlen(drivers[i].driver)) == 0
                              : vendor != ABSENT && vendor == drivers[i].vendor && part == drivers[i].part)
            return drivers[i].traits;
    }
    return (struct driver_traits){.data_unit = 4};
}
