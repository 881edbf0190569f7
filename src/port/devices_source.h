/* devices_source: the RDMA devices as the collector gathers them, from scans, and what the log says of them. */
#ifndef RDMA_AGENTX_DEVICES_SOURCE_H
#define RDMA_AGENTX_DEVICES_SOURCE_H

#include "gather/collector.h"
#include "port/scan.h"

/* The devices below the sysfs root of settings, which must outlive the collector. Results are struct device. No class
 * directory is no devices. */
struct collector_source devices_source(struct scan_settings *settings);

#endif
