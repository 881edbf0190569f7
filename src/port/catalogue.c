#include "port/catalogue.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "port/port.h"

/* In the units that the hardware counts it in; modulo 2^64, as a Counter64 wraps. */
static bool octets(const struct column *column, const struct row *row, struct value *value)
{
    const struct port *port = row->record;

    (void)column;
    value->number *= port->device->traits.data_unit;
    return true;
}

/* The age is that of the moment at which it is asked for. */
static bool snapshot_age(const struct column *column, const struct row *row, struct value *value)
{
    const struct agent_state *agent = row->record;

    (void)column;
    value->number = agent->read_since > 0 ? (uint64_t)(clock_us() - agent->read_since) / 1000 : 0;
    return true;
}

/* Tables that read best as tables: */
/* clang-format off */

static const struct label truth[] = {{1, "true"}, {2, "false"}, {0, NULL}};
static const struct label healths[] = {{1, "ok"}, {2, "degraded"}, {3, "failed"}, {0, NULL}};
static const struct label statuses[] = {{1, "ok"}, {2, "partial"}, {3, "refused"}, {4, "stalled"}, {0, NULL}};
static const struct label node_types[] = {{1, "ca"},       {2, "switch"},      {3, "router"},
                                          {4, "rnic"},     {5, "usnic"},       {255, "unknown"},
                                          {6, "usnicUdp"}, {7, "unspecified"}, {0, NULL}};
static const struct label states[] = {{0, "nop"},    {1, "down"},        {2, "init"},      {3, "armed"},
                                      {4, "active"}, {5, "activeDefer"}, {255, "unknown"}, {0, NULL}};
static const struct label phys_states[] = {{1, "sleep"},
                                           {2, "polling"},
                                           {3, "disabled"},
                                           {4, "portConfigurationTraining"},
                                           {5, "linkUp"},
                                           {6, "linkErrorRecovery"},
                                           {7, "phyTest"},
                                           {255, "unknown"},
                                           {0, NULL}};
static const struct label link_layers[] = {
    {0, "unspecified"}, {1, "infiniBand"}, {2, "ethernet"}, {255, "unknown"}, {0, NULL}};
static const struct label kinds[] = {{1, "counter"}, {2, "gauge"}, {3, "highWater"}, {4, "setting"}, {0, NULL}};

/* Shorthands for the rows below: what they expand to is data, nothing else. */
#define INDEX(t, n, name) {.table = (t), .number = (n), .source = SOURCE_INDEX, .object = #name}
#define NUMBER(t, n, kind, name, type_, member, ...) \
    {.table = (t), .number = (n), .type = (type_), .source = SOURCE_NUMBER, .object = #name, \
     .offset = offsetof(struct kind, member), __VA_ARGS__}
#define TEXT(t, n, kind, name, member, ...) \
    {.table = (t), .number = (n), .type = SMI_TEXT, .source = SOURCE_TEXT, .object = #name, \
     .offset = offsetof(struct kind, member), __VA_ARGS__}
#define AGENT(n, name, type_, member, ...) NUMBER(TABLE_AGENT, n, agent_state, name, type_, member, __VA_ARGS__)
#define DEVICE(n, name, type_, member, ...) NUMBER(TABLE_DEVICE, n, device, name, type_, member, __VA_ARGS__)
#define PORT(n, name, type_, member, ...) NUMBER(TABLE_PORT, n, port, name, type_, member, __VA_ARGS__)
#define COUNTER(t, n, set, name, file_, ...) \
    {.table = (t), .number = (n), .type = SMI_COUNTER64, .source = SOURCE_COUNTER, .slot = (n) - 1, \
     .object = #name, .file = (file_), .offset = offsetof(struct port, set), __VA_ARGS__}
#define PMA(n, name, file, ...) COUNTER(TABLE_PORT_COUNTER, n, counters, name, file, __VA_ARGS__)
#define OCTETS(n, slot_, name, ...) \
    {.table = TABLE_PORT_COUNTER, .number = (n), .type = SMI_COUNTER64, .source = SOURCE_COUNTER, .slot = (slot_), \
     .object = #name, .offset = offsetof(struct port, counters), .derive = octets, __VA_ARGS__}
#define HW(n, name, file, ...) COUNTER(TABLE_PORT_HW_COUNTER, n, hw_counters, name, file, __VA_ARGS__)
#define NAMED(t, n, kind, name, type_, source_, ...) \
    {.table = (t), .number = (n), .type = (type_), .source = (source_), .object = #name, \
     .offset = offsetof(struct kind, named), __VA_ARGS__}

static const struct column agent_columns[] = {
    TEXT(TABLE_AGENT, 1, agent_state, rdmaAgentVersion, version, .metric = "rdma_agent_info"),
    AGENT(2, rdmaAgentHealth, SMI_INTEGER, health, .labels = healths, .metric = "rdma_agent_health"),
    AGENT(3, rdmaAgentDevices, SMI_GAUGE, devices, .metric = "rdma_agent_devices"),
    AGENT(4, rdmaAgentPorts, SMI_GAUGE, ports, .metric = "rdma_agent_ports"),
    AGENT(5, rdmaAgentStalledDevices, SMI_GAUGE, stalled_devices, .metric = "rdma_agent_stalled_devices"),
    AGENT(6, rdmaAgentNotificationsEnabled, SMI_INTEGER, notifications_enabled, .labels = truth,
          .metric = "rdma_agent_notifications_enabled"),
    AGENT(7, rdmaAgentCacheMaxAge, SMI_GAUGE, cache_max_age, .metric = "rdma_agent_cache_max_age_seconds"),
    {.table = TABLE_AGENT, .number = 8, .type = SMI_GAUGE, .source = SOURCE_DERIVED, .object = "rdmaAgentSnapshotAge",
     .derive = snapshot_age, .metric = "rdma_agent_snapshot_age_seconds"},
    AGENT(9, rdmaAgentRefreshes, SMI_COUNTER64, refreshes, .metric = "rdma_refreshes_total"),
    AGENT(10, rdmaAgentScrapeErrors, SMI_COUNTER64, scrape_errors, .metric = "rdma_scrape_errors_total"),
    AGENT(11, rdmaAgentNamesNotServed, SMI_GAUGE, names_not_served, .metric = "rdma_agent_names_not_served"),
    AGENT(12, rdmaAgentRefreshLast, SMI_GAUGE, refresh_last, .metric = "rdma_scrape_duration_seconds"),
    AGENT(13, rdmaAgentRefreshP50, SMI_GAUGE, refresh_p50, .metric = "rdma_refresh_p50_seconds"),
    AGENT(14, rdmaAgentRefreshP95, SMI_GAUGE, refresh_p95, .metric = "rdma_refresh_p95_seconds"),
    AGENT(15, rdmaAgentRefreshP99, SMI_GAUGE, refresh_p99, .metric = "rdma_refresh_p99_seconds"),
    AGENT(16, rdmaAgentRefreshMax, SMI_GAUGE, refresh_max, .metric = "rdma_refresh_max_seconds"),
    AGENT(17, rdmaAgentRefreshTime, SMI_COUNTER64, refresh_time, .metric = "rdma_refresh_seconds_total"),
};

static const struct column device_columns[] = {
    INDEX(TABLE_DEVICE, 1, rdmaDeviceName),
    TEXT(TABLE_DEVICE, 2, device, rdmaDeviceKernelName, name, .metric = "rdma_device_info"),
    DEVICE(3, rdmaDeviceStatus, SMI_INTEGER, status, .labels = statuses, .metric = "rdma_device_status"),
    DEVICE(4, rdmaDeviceNodeType, SMI_INTEGER, node_type, .labels = node_types),
    TEXT(TABLE_DEVICE, 5, device, rdmaDeviceNodeGuid, node_guid),
    TEXT(TABLE_DEVICE, 6, device, rdmaDeviceSystemImageGuid, system_image_guid),
    TEXT(TABLE_DEVICE, 7, device, rdmaDeviceNodeDescription, node_description),
    TEXT(TABLE_DEVICE, 8, device, rdmaDeviceFirmware, firmware),
    TEXT(TABLE_DEVICE, 9, device, rdmaDeviceHardwareRevision, hardware_revision),
    TEXT(TABLE_DEVICE, 10, device, rdmaDeviceHcaType, hca_type),
    TEXT(TABLE_DEVICE, 11, device, rdmaDeviceBoardId, board_id),
    TEXT(TABLE_DEVICE, 12, device, rdmaDevicePciAddress, pci_address),
    DEVICE(13, rdmaDeviceVendorId, SMI_GAUGE, vendor_id, .is_hexadecimal = true),
    DEVICE(14, rdmaDevicePartId, SMI_GAUGE, part_id, .is_hexadecimal = true),
    TEXT(TABLE_DEVICE, 15, device, rdmaDeviceDriver, driver),
    DEVICE(16, rdmaDeviceNumaNode, SMI_INTEGER, numa_node),
    DEVICE(17, rdmaDeviceVirtualFunction, SMI_INTEGER, virtual_function, .labels = truth),
    TEXT(TABLE_DEVICE, 18, device, rdmaDeviceParent, parent),
    DEVICE(19, rdmaDevicePorts, SMI_GAUGE, port_count),
    DEVICE(20, rdmaDeviceRegistered, SMI_TIMESTAMP, registered),
    DEVICE(21, rdmaDeviceCounterDiscontinuityTime, SMI_TIMESTAMP, counter_discontinuity),
};

static const struct column port_columns[] = {
    INDEX(TABLE_PORT, 1, rdmaPortNumber),
    TEXT(TABLE_PORT, 2, port, rdmaPortDeviceName, device_name),
    PORT(3, rdmaPortDevicePort, SMI_GAUGE, number),
    TEXT(TABLE_PORT, 4, port, rdmaPortName, name, .metric = "rdma_port_info"),
    PORT(5, rdmaPortStatus, SMI_INTEGER, status, .labels = statuses, .metric = "rdma_port_status"),
    PORT(6, rdmaPortState, SMI_INTEGER, state, .labels = states, .metric = "rdma_port_state"),
    PORT(7, rdmaPortPhysState, SMI_INTEGER, phys_state, .labels = phys_states, .metric = "rdma_port_phys_state"),
    PORT(8, rdmaPortPreviousState, SMI_INTEGER, history.previous_state, .labels = states),
    PORT(9, rdmaPortLinkLayer, SMI_INTEGER, link_layer, .labels = link_layers),
    PORT(10, rdmaPortLinkWidth, SMI_GAUGE, width, .metric = "rdma_port_link_width_lanes"),
    PORT(11, rdmaPortLinkSpeed, SMI_GAUGE, speed, .metric = "rdma_port_link_speed_bytes_per_second"),
    TEXT(TABLE_PORT, 12, port, rdmaPortStateText, state_text),
    TEXT(TABLE_PORT, 13, port, rdmaPortPhysStateText, phys_state_text),
    TEXT(TABLE_PORT, 14, port, rdmaPortLinkLayerText, link_layer_text),
    TEXT(TABLE_PORT, 15, port, rdmaPortLinkWidthText, width_text),
    TEXT(TABLE_PORT, 16, port, rdmaPortLinkSpeedText, speed_text),
    TEXT(TABLE_PORT, 17, port, rdmaPortLinkGeneration, generation),
    TEXT(TABLE_PORT, 18, port, rdmaPortGid, gid),
    PORT(19, rdmaPortLid, SMI_GAUGE, lid, .metric = "rdma_port_lid"),
    PORT(20, rdmaPortLmc, SMI_GAUGE, lmc),
    PORT(21, rdmaPortSmLid, SMI_GAUGE, sm_lid, .metric = "rdma_port_sm_lid"),
    PORT(22, rdmaPortSmSl, SMI_GAUGE, sm_sl),
    PORT(23, rdmaPortCapabilityMask, SMI_GAUGE, capability_mask, .is_hexadecimal = true),
    PORT(24, rdmaPortActiveMtu, SMI_GAUGE, active_mtu, .metric = "rdma_port_active_mtu_bytes"),
    PORT(25, rdmaPortMaxMtu, SMI_GAUGE, max_mtu, .metric = "rdma_port_max_mtu_bytes"),
    TEXT(TABLE_PORT, 26, port, rdmaPortNetdev, netdev),
    PORT(27, rdmaPortIfIndex, SMI_INTEGER, ifindex),
    PORT(28, rdmaPortLastChange, SMI_TIMESTAMP, history.last_change),
    PORT(29, rdmaPortStateChanges, SMI_COUNTER32, history.state_changes, .metric = "rdma_port_state_changes_total"),
    PORT(30, rdmaPortSaturatedCounters, SMI_GAUGE, history.saturated, .metric = "rdma_port_saturated_counters"),
    PORT(31, rdmaPortErrorEvents, SMI_COUNTER32, history.error_events, .metric = "rdma_port_error_events_total"),
    PORT(32, rdmaPortCounterDiscontinuityTime, SMI_TIMESTAMP, history.counter_discontinuity),
    PORT(33, rdmaPortHwCounterDiscontinuityTime, SMI_TIMESTAMP, history.hw_counter_discontinuity),
    PORT(34, rdmaPortNamedCounterDiscontinuityTime, SMI_TIMESTAMP, history.named_counter_discontinuity),
};

static const struct column port_counter_columns[] = {
    PMA(1, rdmaPortSymbolError, "symbol_error", .limit = 65535, .is_error = true,
        .metric = "rdma_port_symbol_errors_total"),
    PMA(2, rdmaPortLinkErrorRecovery, "link_error_recovery", .limit = 255, .is_error = true),
    PMA(3, rdmaPortLinkDowned, "link_downed", .limit = 255, .is_error = true),
    PMA(4, rdmaPortRcvErrors, "port_rcv_errors", .limit = 65535, .is_error = true),
    PMA(5, rdmaPortRcvRemotePhysicalErrors, "port_rcv_remote_physical_errors", .limit = 65535, .is_error = true),
    PMA(6, rdmaPortRcvSwitchRelayErrors, "port_rcv_switch_relay_errors", .limit = 65535, .is_error = true),
    PMA(7, rdmaPortXmitDiscards, "port_xmit_discards", .limit = 65535, .is_error = true),
    PMA(8, rdmaPortXmitConstraintErrors, "port_xmit_constraint_errors", .limit = 255, .is_error = true),
    PMA(9, rdmaPortRcvConstraintErrors, "port_rcv_constraint_errors", .limit = 255, .is_error = true),
    PMA(10, rdmaPortLocalLinkIntegrityErrors, "local_link_integrity_errors", .limit = 15, .is_error = true),
    PMA(11, rdmaPortExcessiveBufferOverrunErrors, "excessive_buffer_overrun_errors", .limit = 15, .is_error = true),
    PMA(12, rdmaPortVL15Dropped, "VL15_dropped", .limit = 65535, .is_error = true),
    PMA(13, rdmaPortXmitData, "port_xmit_data", .limit = UINT32_MAX),
    PMA(14, rdmaPortRcvData, "port_rcv_data", .limit = UINT32_MAX),
    PMA(15, rdmaPortXmitPackets, "port_xmit_packets", .limit = UINT32_MAX),
    PMA(16, rdmaPortRcvPackets, "port_rcv_packets", .limit = UINT32_MAX),
    PMA(17, rdmaPortXmitWait, "port_xmit_wait", .limit = UINT32_MAX),
    PMA(18, rdmaPortUnicastXmitPackets, "unicast_xmit_packets"),
    PMA(19, rdmaPortUnicastRcvPackets, "unicast_rcv_packets"),
    PMA(20, rdmaPortMulticastXmitPackets, "multicast_xmit_packets"),
    PMA(21, rdmaPortMulticastRcvPackets, "multicast_rcv_packets"),
    OCTETS(22, 12, rdmaPortXmitOctets, .metric = "rdma_port_xmit_bytes_total"),
    OCTETS(23, 13, rdmaPortRcvOctets, .metric = "rdma_port_rcv_bytes_total"),
};

static const struct column port_hw_counter_columns[] = {
    HW(1, rdmaHwRxWriteRequests, "rx_write_requests"),
    HW(2, rdmaHwRxReadRequests, "rx_read_requests"),
    HW(3, rdmaHwRxAtomicRequests, "rx_atomic_requests"),
    HW(4, rdmaHwOutOfBuffer, "out_of_buffer", .is_error = true),
    HW(5, rdmaHwOutOfSequence, "out_of_sequence", .is_error = true),
    HW(6, rdmaHwDuplicateRequest, "duplicate_request"),
    HW(7, rdmaHwRnrNakRetryErr, "rnr_nak_retry_err", .is_error = true),
    HW(8, rdmaHwPacketSeqErr, "packet_seq_err", .is_error = true),
    HW(9, rdmaHwImpliedNakSeqErr, "implied_nak_seq_err", .is_error = true),
    HW(10, rdmaHwLocalAckTimeoutErr, "local_ack_timeout_err", .is_error = true),
    HW(11, rdmaHwRespLocalLengthError, "resp_local_length_error", .is_error = true),
    HW(12, rdmaHwRespCqeError, "resp_cqe_error"),
    HW(13, rdmaHwReqCqeError, "req_cqe_error"),
    HW(14, rdmaHwReqRemoteInvalidRequest, "req_remote_invalid_request", .is_error = true),
    HW(15, rdmaHwReqRemoteAccessErrors, "req_remote_access_errors", .is_error = true),
    HW(16, rdmaHwRespRemoteAccessErrors, "resp_remote_access_errors", .is_error = true),
    HW(17, rdmaHwRespCqeFlushError, "resp_cqe_flush_error"),
    HW(18, rdmaHwReqCqeFlushError, "req_cqe_flush_error"),
    HW(19, rdmaHwRoceAdpRetrans, "roce_adp_retrans"),
    HW(20, rdmaHwRoceAdpRetransTo, "roce_adp_retrans_to"),
    HW(21, rdmaHwRoceSlowRestart, "roce_slow_restart"),
    HW(22, rdmaHwRoceSlowRestartCnps, "roce_slow_restart_cnps"),
    HW(23, rdmaHwRoceSlowRestartTrans, "roce_slow_restart_trans"),
    HW(24, rdmaHwRpCnpIgnored, "rp_cnp_ignored"),
    HW(25, rdmaHwRpCnpHandled, "rp_cnp_handled"),
    HW(26, rdmaHwNpEcnMarkedRocePackets, "np_ecn_marked_roce_packets"),
    HW(27, rdmaHwNpCnpSent, "np_cnp_sent"),
    HW(28, rdmaHwRxIcrcEncapsulated, "rx_icrc_encapsulated", .is_error = true),
    HW(29, rdmaHwRxDctConnect, "rx_dct_connect"),
    HW(30, rdmaHwReqTransportRetriesExceeded, "req_transport_retries_exceeded", .is_error = true),
    HW(31, rdmaHwReqRnrRetriesExceeded, "req_rnr_retries_exceeded", .is_error = true),
    HW(32, rdmaHwRxBytes, "rx_bytes"),
    HW(33, rdmaHwTxBytes, "tx_bytes"),
    HW(34, rdmaHwRxPkts, "rx_pkts", .alias = "rx_packets"), /* mana's name */
    HW(35, rdmaHwTxPkts, "tx_pkts", .alias = "tx_packets"),
};

static const struct column counter_columns[] = {
    INDEX(TABLE_COUNTER, 1, rdmaCounterName),
    NAMED(TABLE_COUNTER, 2, port, rdmaCounterKind, SMI_INTEGER, SOURCE_KIND, .labels = kinds),
    NAMED(TABLE_COUNTER, 3, port, rdmaCounterValue, SMI_COUNTER64, SOURCE_VALUE, .metric = "rdma_port_hw_stat_total"),
    NAMED(TABLE_COUNTER, 4, port, rdmaCounterLevel, SMI_GAUGE, SOURCE_LEVEL, .metric = "rdma_port_hw_level"),
};

static const struct column device_counter_columns[] = {
    INDEX(TABLE_DEVICE_COUNTER, 1, rdmaDeviceCounterName),
    NAMED(TABLE_DEVICE_COUNTER, 2, device, rdmaDeviceCounterKind, SMI_INTEGER, SOURCE_KIND, .labels = kinds),
    NAMED(TABLE_DEVICE_COUNTER, 3, device, rdmaDeviceCounterValue, SMI_COUNTER64, SOURCE_VALUE,
          .metric = "rdma_device_stat_total"),
    NAMED(TABLE_DEVICE_COUNTER, 4, device, rdmaDeviceCounterLevel, SMI_GAUGE, SOURCE_LEVEL, .metric = "rdma_device_level"),
};

#define TABLE(name, set_, ...) \
    {.columns = name##_columns, .count = sizeof(name##_columns) / sizeof(name##_columns[0]), .set = (set_), __VA_ARGS__}

static const struct table tables[] = {
    TABLE(agent, 0, .arc = TABLE_AGENT, .shape = TABLE_SCALARS),
    TABLE(device, SET_DEVICES, .arc = TABLE_DEVICE, .shape = TABLE_ROWS, .index = "t"),
    TABLE(port, SET_PORTS, .arc = TABLE_PORT, .shape = TABLE_ROWS, .index = "tn"),
    TABLE(port_counter, SET_PORTS, .arc = TABLE_PORT_COUNTER, .shape = TABLE_ROWS, .index = "tn",
          .counters = offsetof(struct port, counters)),
    TABLE(port_hw_counter, SET_PORTS, .arc = TABLE_PORT_HW_COUNTER, .shape = TABLE_ROWS, .index = "tn",
          .counters = offsetof(struct port, hw_counters)),
    TABLE(counter, SET_PORTS, .arc = TABLE_COUNTER, .shape = TABLE_MEMBERS, .index = "tnt",
          .members = offsetof(struct port, named)),
    TABLE(device_counter, SET_DEVICES, .arc = TABLE_DEVICE_COUNTER, .shape = TABLE_MEMBERS, .index = "tt",
          .members = offsetof(struct device, named)),
};

static const char *const of_port[] = {
    "rdmaPortName",         "rdmaPortState",   "rdmaPortPreviousState", "rdmaPortPhysState",
    "rdmaPortStateChanges", "rdmaPortIfIndex", "rdmaPortLinkDowned",    NULL,
};
static const char *const of_device[] = {"rdmaDeviceKernelName", "rdmaDeviceStatus", NULL};

static const struct notification notifications[] = {
    {NOTIFICATION_PORT_UP, "rdmaPortUp", of_port},
    {NOTIFICATION_PORT_DOWN, "rdmaPortDown", of_port},
    {NOTIFICATION_PORT_FLAPPED, "rdmaPortFlapped", of_port},
    {NOTIFICATION_DEVICE_ADDED, "rdmaDeviceAdded", of_device},
    {NOTIFICATION_DEVICE_REMOVED, "rdmaDeviceRemoved", of_device},
    {NOTIFICATION_DEVICE_STALLED, "rdmaDeviceStalled", of_device},
    {NOTIFICATION_DEVICE_RECOVERED, "rdmaDeviceRecovered", of_device},
};

const struct mib port_mib = {
    .name = "RDMA-PORT-MIB",
    .description = "State and counters of the RDMA ports of this host (RDMA-PORT-MIB)",
    .path = {1},
    .path_length = 1,
    .tables = tables,
    .table_count = sizeof(tables) / sizeof(tables[0]),
    .notifications = notifications,
    .notification_count = sizeof(notifications) / sizeof(notifications[0]),
};

/* clang-format on */

const struct table *catalogue_table(enum port_table table)
{
    return &tables[table - 1];
}

/* Files of hw_counters that count nothing. Names that begin with "watermark_" are high-water marks. */
static const char *const gauges[] = {
    "active_qps",        "active_srqs",  "active_cqs",       "active_mrs",    "active_mws",
    "active_pds",        "active_ahs",   "active_rc_qps",    "active_ud_qps", "db_fifo_register",
    "num_qps_congested", "current_rate", "DRIVER_CtxtsOpen",
};

size_t catalogue_metric(const struct column *column, char *text, size_t size)
{
    static const char prefix[] = "port_";
    const char *file = column->file;
    int n;

    if (column->metric)
        return (size_t)snprintf(text, size, "%s", column->metric);
    if (!file)
        return 0;
    if (strncmp(file, prefix, sizeof(prefix) - 1) == 0)
        file += sizeof(prefix) - 1;
    n = snprintf(text, size, "rdma_port_%s_total", file);
    for (char *c = text; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return (size_t)n;
}

const struct column *catalogue_of_file(enum port_table table, const char *file)
{
    const struct table *found = catalogue_table(table);

    for (size_t i = 0; i < found->count; i++) {
        const struct column *column = &found->columns[i];

        if (column->file && (strcmp(column->file, file) == 0 || (column->alias && strcmp(column->alias, file) == 0)))
            return column;
    }
    return NULL;
}

bool catalogue_is_saturated(const struct column *column, const struct driver_traits *traits, uint64_t value)
{
    return column->limit != 0 && value == column->limit && !traits->counters_wrap;
}

enum counter_kind catalogue_kind(const char *file)
{
    if (strcmp(file, "lifespan") == 0)
        return KIND_SETTING;
    if (strncmp(file, "watermark_", strlen("watermark_")) == 0)
        return KIND_HIGH_WATER;
    for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++)
        if (strcmp(file, gauges[i]) == 0)
            return KIND_GAUGE;
    return KIND_COUNTER;
}
