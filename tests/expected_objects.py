"""Every object of RDMA-PORT-MIB that a walk can show: where its value comes from and how snmpwalk prints it."""

from expected_rows import Device, NamedCounter, Port, known

# --- How snmpwalk prints a value.

def printed(prefix):
    return lambda value: "%s: %s" % (prefix, value)


def string(size):
    return lambda value: "STRING: " + value[:size]


def enumeration(**names):
    by_number = {value: name for name, value in names.items()}
    return lambda value: "INTEGER: %s(%d)" % ((by_number[value], value) if value in by_number else ("unknown", 255))


INTEGER, GAUGE, COUNTER32, COUNTER64, TIMESTAMP = map(
    printed, ("INTEGER", "Gauge32", "Counter32", "Counter64", "Timeticks"))
UNSIGNED = GAUGE
HEX = "Gauge32: {:x}".format
TRUTH = enumeration(true=1, false=2)
HEALTH = enumeration(ok=1, degraded=2, failed=3)
STATUS = enumeration(ok=1, partial=2, refused=3, stalled=4)
BEHAVIOUR = enumeration(counter=1, gauge=2, highWater=3, setting=4)
NODE_TYPE = enumeration(ca=1, switch=2, router=3, rnic=4, usnic=5, usnicUdp=6, unspecified=7)
STATE = enumeration(nop=0, down=1, init=2, armed=3, active=4, activeDefer=5)
PHYS_STATE = enumeration(sleep=1, polling=2, disabled=3, portConfigurationTraining=4, linkUp=5,
                         linkErrorRecovery=6, phyTest=7)
LINK_LAYER = enumeration(unspecified=0, infiniBand=1, ethernet=2)
LINK_LAYERS = {"Unknown": 0, "InfiniBand": 1, "Ethernet": 2}


# --- Where a value comes from: a function of the row, None for an absent cell.

def always(value):
    return lambda row: value


def file(name, nothing=""):
    """The value of a file, if it is not the one that says nothing."""
    return lambda row: None if row.files.get(name) == nothing else row.files.get(name)


def number_of(name):
    return lambda row: row.files[name].number if row.files.get(name) else None


def text_of(name):
    return lambda row: row.files[name].text if row.files.get(name) else None


def rate_of(field):
    return lambda row: getattr(row.rate(), field, None)


def unless_zero(guid):
    return guid if guid and set(guid) - set("0:") else None


def guid(name):
    return lambda row: unless_zero(row.files.get(name))


def link_layer(port):
    name = port.files.get("link_layer")
    return LINK_LAYERS.get(name, 255) if name else None


def pma(name):
    return lambda port: port.pma.get(name)


def octets(name):
    return lambda port: port.octets(name)


def hw(name):
    also = {"rx_pkts": "rx_packets", "tx_pkts": "tx_packets"}.get(name)     # mana
    return lambda port: known(port.hw.get(name if name in port.hw else also))


def camel(name):
    return "".join(word.capitalize() for word in name.split("_"))


# --- The objects.

ANY = "*"
AGENT, DEVICE, PORT, PMA, HW, NAMED, DEVICE_NAMED = range(1, 8)

# Files of hw_counters/ with a column of their own, in the order of the columns: those of mlx5, and of other drivers.
MLX5_HW_FILES = """
    rx_write_requests rx_read_requests rx_atomic_requests out_of_buffer out_of_sequence duplicate_request
    rnr_nak_retry_err packet_seq_err implied_nak_seq_err local_ack_timeout_err resp_local_length_error
    resp_cqe_error req_cqe_error req_remote_invalid_request req_remote_access_errors resp_remote_access_errors
    resp_cqe_flush_error req_cqe_flush_error roce_adp_retrans roce_adp_retrans_to roce_slow_restart
    roce_slow_restart_cnps roce_slow_restart_trans rp_cnp_ignored rp_cnp_handled np_ecn_marked_roce_packets
    np_cnp_sent rx_icrc_encapsulated rx_dct_connect req_transport_retries_exceeded req_rnr_retries_exceeded
    """.split()
HW_FILES = MLX5_HW_FILES + ["rx_bytes", "tx_bytes", "rx_pkts", "tx_pkts"]

OBJECTS = [
    # name, arc of the table, column, syntax, value
    ("rdmaAgentVersion", AGENT, 1, string(32), always(ANY)),
    ("rdmaAgentHealth", AGENT, 2, HEALTH, always(1)),
    ("rdmaAgentDevices", AGENT, 3, GAUGE, lambda agent: len(agent.devices)),
    ("rdmaAgentPorts", AGENT, 4, GAUGE, lambda agent: len(agent.ports)),
    ("rdmaAgentStalledDevices", AGENT, 5, GAUGE, always(0)),
    ("rdmaAgentNotificationsEnabled", AGENT, 6, TRUTH, always(2)),
    ("rdmaAgentCacheMaxAge", AGENT, 7, UNSIGNED, lambda agent: agent.cache_max_age),
    ("rdmaAgentSnapshotAge", AGENT, 8, GAUGE, always(ANY)),
    ("rdmaAgentRefreshes", AGENT, 9, COUNTER64, always(ANY)),
    ("rdmaAgentScrapeErrors", AGENT, 10, COUNTER64, always(ANY)),
    ("rdmaAgentNamesNotServed", AGENT, 11, GAUGE, lambda agent: agent.hidden),
    ("rdmaAgentRefreshLast", AGENT, 12, GAUGE, always(ANY)),
    ("rdmaAgentRefreshP50", AGENT, 13, GAUGE, always(ANY)),
    ("rdmaAgentRefreshP95", AGENT, 14, GAUGE, always(ANY)),
    ("rdmaAgentRefreshP99", AGENT, 15, GAUGE, always(ANY)),
    ("rdmaAgentRefreshMax", AGENT, 16, GAUGE, always(ANY)),
    ("rdmaAgentRefreshTime", AGENT, 17, COUNTER64, always(ANY)),

    ("rdmaDeviceKernelName", DEVICE, 2, string(63), lambda device: device.name),
    ("rdmaDeviceStatus", DEVICE, 3, STATUS, Device.status),
    ("rdmaDeviceNodeType", DEVICE, 4, NODE_TYPE, number_of("node_type")),
    ("rdmaDeviceNodeGuid", DEVICE, 5, string(64), guid("node_guid")),
    ("rdmaDeviceSystemImageGuid", DEVICE, 6, string(64), guid("sys_image_guid")),
    ("rdmaDeviceNodeDescription", DEVICE, 7, string(64), file("node_desc")),
    ("rdmaDeviceFirmware", DEVICE, 8, string(64), file("fw_ver")),
    ("rdmaDeviceHardwareRevision", DEVICE, 9, string(64), file("hw_rev")),
    ("rdmaDeviceHcaType", DEVICE, 10, string(64), file("hca_type")),
    ("rdmaDeviceBoardId", DEVICE, 11, string(127), file("board_id")),
    ("rdmaDevicePciAddress", DEVICE, 12, string(32), Device.pci_address),
    ("rdmaDeviceVendorId", DEVICE, 13, HEX, file("device/vendor")),
    ("rdmaDevicePartId", DEVICE, 14, HEX, file("device/device")),
    ("rdmaDeviceDriver", DEVICE, 15, string(63), lambda device: device.driver or None),
    ("rdmaDeviceNumaNode", DEVICE, 16, INTEGER, file("device/numa_node", nothing=-1)),
    ("rdmaDeviceVirtualFunction", DEVICE, 17, TRUTH, lambda device: 1 if device.is_virtual_function else 2),
    ("rdmaDeviceParent", DEVICE, 18, string(63), lambda device: device.parent),
    ("rdmaDevicePorts", DEVICE, 19, GAUGE, lambda device: len(device.ports)),
    ("rdmaDeviceRegistered", DEVICE, 20, TIMESTAMP, always(ANY)),
    ("rdmaDeviceCounterDiscontinuityTime", DEVICE, 21, TIMESTAMP, always(ANY)),

    ("rdmaPortDeviceName", PORT, 2, string(63), lambda port: port.device.name),
    ("rdmaPortDevicePort", PORT, 3, UNSIGNED, lambda port: port.number),
    ("rdmaPortName", PORT, 4, string(74), lambda port: "%s/%d" % (port.device.name, port.number)),
    ("rdmaPortStatus", PORT, 5, STATUS, Port.status),
    ("rdmaPortState", PORT, 6, STATE, number_of("state")),
    ("rdmaPortPhysState", PORT, 7, PHYS_STATE, number_of("phys_state")),
    ("rdmaPortPreviousState", PORT, 8, STATE, always(None)),
    ("rdmaPortLinkLayer", PORT, 9, LINK_LAYER, link_layer),
    ("rdmaPortLinkWidth", PORT, 10, GAUGE, rate_of("width")),
    ("rdmaPortLinkSpeed", PORT, 11, GAUGE, rate_of("speed")),
    ("rdmaPortStateText", PORT, 12, string(32), text_of("state")),
    ("rdmaPortPhysStateText", PORT, 13, string(32), text_of("phys_state")),
    ("rdmaPortLinkLayerText", PORT, 14, string(32), file("link_layer")),
    ("rdmaPortLinkWidthText", PORT, 15, string(16), rate_of("width_text")),
    ("rdmaPortLinkSpeedText", PORT, 16, string(32), rate_of("speed_text")),
    ("rdmaPortLinkGeneration", PORT, 17, string(16), rate_of("generation")),
    ("rdmaPortGid", PORT, 18, string(64), lambda port: unless_zero(port.gid)),
    ("rdmaPortLid", PORT, 19, UNSIGNED, file("lid")),
    ("rdmaPortLmc", PORT, 20, UNSIGNED, file("lid_mask_count")),
    ("rdmaPortSmLid", PORT, 21, UNSIGNED, file("sm_lid")),
    ("rdmaPortSmSl", PORT, 22, UNSIGNED, file("sm_sl")),
    ("rdmaPortCapabilityMask", PORT, 23, HEX, file("cap_mask")),
    ("rdmaPortActiveMtu", PORT, 24, UNSIGNED, always(None)),
    ("rdmaPortMaxMtu", PORT, 25, UNSIGNED, always(None)),
    ("rdmaPortNetdev", PORT, 26, string(63), lambda port: port.netdev),
    ("rdmaPortIfIndex", PORT, 27, INTEGER, lambda port: port.if_index),
    ("rdmaPortLastChange", PORT, 28, TIMESTAMP, always(ANY)),
    ("rdmaPortStateChanges", PORT, 29, COUNTER32, always(0)),
    ("rdmaPortSaturatedCounters", PORT, 30, GAUGE, Port.saturated),
    ("rdmaPortErrorEvents", PORT, 31, COUNTER32, always(0)),
    ("rdmaPortCounterDiscontinuityTime", PORT, 32, TIMESTAMP, always(ANY)),
    ("rdmaPortHwCounterDiscontinuityTime", PORT, 33, TIMESTAMP, always(ANY)),
    ("rdmaPortNamedCounterDiscontinuityTime", PORT, 34, TIMESTAMP, always(ANY)),

    ("rdmaPortSymbolError", PMA, 1, COUNTER64, pma("symbol_error")),
    ("rdmaPortLinkErrorRecovery", PMA, 2, COUNTER64, pma("link_error_recovery")),
    ("rdmaPortLinkDowned", PMA, 3, COUNTER64, pma("link_downed")),
    ("rdmaPortRcvErrors", PMA, 4, COUNTER64, pma("port_rcv_errors")),
    ("rdmaPortRcvRemotePhysicalErrors", PMA, 5, COUNTER64, pma("port_rcv_remote_physical_errors")),
    ("rdmaPortRcvSwitchRelayErrors", PMA, 6, COUNTER64, pma("port_rcv_switch_relay_errors")),
    ("rdmaPortXmitDiscards", PMA, 7, COUNTER64, pma("port_xmit_discards")),
    ("rdmaPortXmitConstraintErrors", PMA, 8, COUNTER64, pma("port_xmit_constraint_errors")),
    ("rdmaPortRcvConstraintErrors", PMA, 9, COUNTER64, pma("port_rcv_constraint_errors")),
    ("rdmaPortLocalLinkIntegrityErrors", PMA, 10, COUNTER64, pma("local_link_integrity_errors")),
    ("rdmaPortExcessiveBufferOverrunErrors", PMA, 11, COUNTER64, pma("excessive_buffer_overrun_errors")),
    ("rdmaPortVL15Dropped", PMA, 12, COUNTER64, pma("VL15_dropped")),
    ("rdmaPortXmitData", PMA, 13, COUNTER64, pma("port_xmit_data")),
    ("rdmaPortRcvData", PMA, 14, COUNTER64, pma("port_rcv_data")),
    ("rdmaPortXmitPackets", PMA, 15, COUNTER64, pma("port_xmit_packets")),
    ("rdmaPortRcvPackets", PMA, 16, COUNTER64, pma("port_rcv_packets")),
    ("rdmaPortXmitWait", PMA, 17, COUNTER64, pma("port_xmit_wait")),
    ("rdmaPortUnicastXmitPackets", PMA, 18, COUNTER64, pma("unicast_xmit_packets")),
    ("rdmaPortUnicastRcvPackets", PMA, 19, COUNTER64, pma("unicast_rcv_packets")),
    ("rdmaPortMulticastXmitPackets", PMA, 20, COUNTER64, pma("multicast_xmit_packets")),
    ("rdmaPortMulticastRcvPackets", PMA, 21, COUNTER64, pma("multicast_rcv_packets")),
    ("rdmaPortXmitOctets", PMA, 22, COUNTER64, octets("port_xmit_data")),
    ("rdmaPortRcvOctets", PMA, 23, COUNTER64, octets("port_rcv_data")),

    ("rdmaCounterKind", NAMED, 2, BEHAVIOUR, lambda counter: counter.kind),
    ("rdmaCounterValue", NAMED, 3, COUNTER64, NamedCounter.value),
    ("rdmaCounterLevel", NAMED, 4, GAUGE, NamedCounter.level),

    ("rdmaDeviceCounterKind", DEVICE_NAMED, 2, BEHAVIOUR, lambda counter: counter.kind),
    ("rdmaDeviceCounterValue", DEVICE_NAMED, 3, COUNTER64, NamedCounter.value),
    ("rdmaDeviceCounterLevel", DEVICE_NAMED, 4, GAUGE, NamedCounter.level),
]
OBJECTS += [("rdmaHw" + camel(name), HW, column, COUNTER64, hw(name)) for column, name in enumerate(HW_FILES, 1)]
