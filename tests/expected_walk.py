#!/usr/bin/env python3
"""The walk of RDMA-PORT-MIB that a sysfs tree must give.

Reads a sysfs.tree, applies the rules of the MIB to it and prints, line by line, what

    snmpwalk -v2c -c public -OsU -m RDMA-PORT-MIB HOST rdmaPortMIB

of Net-SNMP 5.9.3 prints when rdma-agentx serves that tree. It is a second statement of the same
contract and shares neither code nor tables with the daemon: a mistake must be made twice to pass.
Values that depend on the time or on the program print as "*".

The order of the file: the tree, what the bytes of a file mean, rows made of files, how a value
prints, where it comes from, OBJECTS (every object of the MIB, one line each), the walk.
"""

import argparse
import errno
import json
import os
import re
from collections import namedtuple

ROOT = (1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 4791, 1)    # rdmaMIBObjects
CLASS = "class/infiniband"
MAX32, MAX64 = 2**32 - 1, 2**64 - 1


# --- The tree: a directory is a dict, a file is bytes, and two things more can stand in a directory.

Link = namedtuple("Link", "target")
Refusal = namedtuple("Refusal", "errno")    # a file that opens, but fails every read
NOT_AVAILABLE = "not available"             # an answer without a value: what 2^64-1 of ionic means


class Tree:
    """A sysfs root in memory, with the OSErrors that a real one gives."""

    def __init__(self):
        self.root = {}

    def resolve(self, path, create=False):
        """The node at path, symlinks followed; create makes directories that are missing."""
        trail, todo, links = [self.root], path.split("/"), 0
        while todo:
            here, name = trail[-1], todo.pop(0)
            if not isinstance(here, dict):
                raise OSError(errno.ENOTDIR, path)
            if name in ("", "."):
                continue
            if name == "..":
                trail[1:] = trail[1:-1]     # the root is its own parent
                continue
            if create:
                here.setdefault(name, {})
            if name not in here:
                raise OSError(errno.ENOENT, path)
            if isinstance(here[name], Link):
                links += 1
                if links > 40:
                    raise OSError(errno.ELOOP, path)
                todo = here[name].target.split("/") + todo
            else:
                trail.append(here[name])
        return trail[-1]

    def add(self, path, node):
        directory, _, name = path.rpartition("/")
        self.resolve(directory, create=True)[name] = node

    def read(self, path):
        node = self.resolve(path)
        if isinstance(node, dict):
            raise OSError(errno.EISDIR, path)
        if isinstance(node, Refusal):
            raise OSError(node.errno, path)
        return node

    def is_directory(self, path):
        try:
            return isinstance(self.resolve(path), dict)
        except OSError:
            return False

    def names(self, path):
        """The entries of a directory; none where there is no directory."""
        return sorted(self.resolve(path)) if self.is_directory(path) else []

    def link(self, path):
        """The target of a symlink as it is written; "" where there is no symlink."""
        directory, _, name = path.rpartition("/")
        node = self.resolve(directory).get(name) if self.is_directory(directory) else None
        return node.target if isinstance(node, Link) else ""


def read_tree(file_name):
    """Reads a .tree file, one entry a line:

    path = text             a file that holds the text and a newline
    path = "json string"    a file that holds exactly these bytes, in UTF-8
    path ! ERRNO            a file that opens, and fails every read with this error
    path -> target          a symlink
    path/ = (directory)     a directory

    "#" begins a comment, [a-b] in a path is a range of numbers, and a path may lead through the
    symlinks of earlier lines.
    """
    tree = Tree()
    with open(file_name, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            entry = re.fullmatch("(.+?) (=|!|->) (.*)", line)
            if not entry:
                raise ValueError("%s:%d: not an entry: %s" % (file_name, number, line))
            path, sign, content = entry.groups()
            for one in expand(path):
                add_entry(tree, one, sign, content)
    return tree


def expand(path):
    """The paths that a path with ranges stands for."""
    span = re.search(r"\[(\d+)-(\d+)\]", path)
    if not span:
        return [path]
    return [one for n in range(int(span[1]), int(span[2]) + 1)
            for one in expand(path[:span.start()] + str(n) + path[span.end():])]


def add_entry(tree, path, sign, content):
    if sign == "->":
        tree.add(path, Link(content))
    elif sign == "!":
        tree.add(path, Refusal(getattr(errno, content)))
    elif path.endswith("/"):
        tree.resolve(path, create=True)
    elif content.startswith('"'):
        tree.add(path, json.loads(content).encode())
    else:
        tree.add(path, content.encode() + b"\n")


# --- What the bytes of a file mean. ValueError: they give no value.

def number(data, pattern, base, low, high):
    match = re.fullmatch(pattern + rb"\n", data)
    if not match or not low <= int(match[1], base) <= high:
        raise ValueError(data)
    return int(match[1], base)


def decimal64(data):
    return number(data, rb"([0-9]+)", 10, 0, MAX64)


def decimal32(data):
    return number(data, rb"([0-9]+)", 10, 0, MAX32)


def hexadecimal(data):
    return number(data, rb"0x([0-9a-fA-F]+)", 16, 0, MAX32)


def numa_node(data):
    """-1 is a value too, though no cell shows it."""
    return number(data, rb"(-1|[0-9]+)", 10, -1, 2**31 - 1)


def interface(data):
    return number(data, rb"([0-9]+)", 10, 1, 2**31 - 1)


def text(data):
    """Printable ASCII; an empty text is a value too, though no cell shows it. No file of sysfs is longer than a page."""
    if len(data) > 4096:
        raise ValueError(data)
    return "".join(chr(byte) if 0x20 <= byte <= 0x7e else "?" for byte in data.rstrip(b"\n"))


def word(data):
    """A text that is never empty."""
    if not text(data):
        raise ValueError(data)
    return text(data)


def guid_text(data):
    """Groups of hexadecimal digits; what has another form is no GUID, and no failure."""
    return text(data) if re.fullmatch("[0-9a-fA-F]{4}((:[0-9a-fA-F]{4}){3}|(:[0-9a-fA-F]{4}){7})", text(data)) else ""


Numbered = namedtuple("Numbered", "number text")


def numbered(data):
    """'4: ACTIVE'"""
    match = re.fullmatch("([0-9]+): (.+)", text(data))
    if not match:
        raise ValueError(data)
    return Numbered(int(match[1]), match[2])


Rate = namedtuple("Rate", "speed width speed_text width_text generation")


def rate(data):
    """'2.5 Gb/sec (1X SDR)'; old kernels print no generation."""
    match = re.fullmatch(r"(([0-9]+)(?:\.([0-9]))? Gb/sec) \((([0-9]+)X)(?: (\S+))?\)", text(data))
    if not match:
        raise ValueError(data)
    speed_text, whole, tenths, width_text, width, generation = match.groups()
    return Rate(int(whole) * 1000 + int(tenths or 0) * 100, int(width), speed_text, width_text, generation)


DEVICE_FILES = {
    "node_type": numbered, "node_guid": guid_text, "sys_image_guid": guid_text, "node_desc": text, "fw_ver": text,
    "hw_rev": text, "hca_type": text, "board_id": text,
    "device/vendor": hexadecimal, "device/device": hexadecimal, "device/numa_node": numa_node,
}
PORT_FILES = {
    "state": numbered, "phys_state": numbered, "link_layer": word, "rate": rate, "lid": hexadecimal,
    "lid_mask_count": decimal32, "sm_lid": hexadecimal, "sm_sl": decimal32, "cap_mask": hexadecimal,
}

# The files of counters/, with the value at which the hardware stops counting (None: it does not).
PMA_FILES = {
    "symbol_error": 65535, "link_error_recovery": 255, "link_downed": 255, "port_rcv_errors": 65535,
    "port_rcv_remote_physical_errors": 65535, "port_rcv_switch_relay_errors": 65535, "port_xmit_discards": 65535,
    "port_xmit_constraint_errors": 255, "port_rcv_constraint_errors": 255, "local_link_integrity_errors": 15,
    "excessive_buffer_overrun_errors": 15, "VL15_dropped": 65535, "port_xmit_data": None, "port_rcv_data": None,
    "port_xmit_packets": None, "port_rcv_packets": None, "port_xmit_wait": MAX32, "unicast_xmit_packets": None,
    "unicast_rcv_packets": None, "multicast_xmit_packets": None, "multicast_rcv_packets": None,
}
# A port without unicast_ and multicast_ files may have the kernel's table of 32-bit counters, where these stop too.
PMA_FILES_OF_32_BITS = ("port_xmit_data", "port_rcv_data", "port_xmit_packets", "port_rcv_packets")
DRIVERS_THAT_WRAP = ("bnxt_en", "be2net")
HFI1_PCI_IDS = ((0x8086, 0x24f0), (0x8086, 0x24f1))

LONGEST_DEVICE, LONGEST_PORT_COUNTER, LONGEST_DEVICE_COUNTER = 63, 48, 49

COUNTER, A_GAUGE, HIGH_WATER, SETTING = 1, 2, 3, 4
GAUGES = """active_qps active_srqs active_cqs active_mrs active_mws active_pds active_ahs active_rc_qps active_ud_qps
            db_fifo_register num_qps_congested current_rate DRIVER_CtxtsOpen""".split()


def get(tree, path, parse):
    """The value of a file; None if it is missing or gives none."""
    try:
        return parse(tree.read(path))
    except (OSError, ValueError):
        return None


def get_all(tree, directory, parsers):
    """File -> value of the files that exist; the value is None where a file gives none."""
    values = {}
    for name, parse in parsers.items():
        try:
            values[name] = parse(tree.read(directory + "/" + name))
        except FileNotFoundError:
            pass
        except (OSError, ValueError):
            values[name] = None
    return values


def can_be_index(name, longest):
    return 1 <= len(name) <= longest and all(" " <= character <= "~" for character in name)


# --- Rows. None is what the tree does not say.

OK, PARTIAL, REFUSED = 1, 2, 3


class Agent:
    def __init__(self, tree, cache_max_age):
        names = [name for name in tree.names(CLASS) if tree.is_directory(CLASS + "/" + name)]
        self.devices = [Device(tree, name) for name in names if can_be_index(name, LONGEST_DEVICE)]
        self.ports = [port for device in self.devices for port in device.ports]
        self.cache_max_age = cache_max_age
        self.hidden = len(names) - len(self.devices) + sum(row.hidden for row in self.devices + self.ports)


class Device:
    def __init__(self, tree, name):
        self.tree, self.name, self.path = tree, name, CLASS + "/" + name
        self.files = get_all(tree, self.path, DEVICE_FILES)
        self.driver = os.path.basename(tree.link(self.path + "/device/driver"))
        self.is_virtual_function = tree.is_directory(self.path + "/device/physfn")
        self.parent = next(iter(tree.names(self.path + "/device/physfn/infiniband")), None)
        self.hw, self.hidden = hw_counters(self, self.path, LONGEST_DEVICE_COUNTER)
        numbers = [int(entry) for entry in tree.names(self.path + "/ports") if entry.isdigit()]
        self.ports = [Port(self, port_number, len(numbers)) for port_number in numbers]

    def status(self):
        whole = None not in self.files.values() and None not in self.hw.values()
        return OK if whole and all(port.status() == OK for port in self.ports) else PARTIAL

    def pci_address(self):
        parts = self.tree.link(self.path).split("/")
        addresses = [part for part in parts if re.fullmatch("[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}[.][0-7]", part)]
        return addresses[-1] if addresses else None

    def is_hfi1(self):
        ids = self.files.get("device/vendor"), self.files.get("device/device")
        return self.driver == "hfi1" if self.driver else ids in HFI1_PCI_IDS


class Port:
    def __init__(self, device, port_number, ports_of_device):
        tree, path = device.tree, "%s/ports/%d" % (device.path, port_number)
        self.device, self.number = device, port_number
        self.files = get_all(tree, path, PORT_FILES)
        self.gid = get(tree, path + "/gids/0", guid_text)
        self.netdev = netdev(device, path, port_number, ports_of_device)
        self.if_index = get(tree, "class/net/%s/ifindex" % self.netdev, interface) if self.netdev else None
        self.pma = get_all(tree, path + "/counters", dict.fromkeys(PMA_FILES, decimal64))
        self.hw, self.hidden = hw_counters(device, path, LONGEST_PORT_COUNTER)

    def status(self):
        """A file that is there and gives no value counts, even one whose value would not be shown."""
        counters = list(self.pma.values()) + list(self.hw.values())
        if counters and set(counters) == {None}:
            return REFUSED
        return PARTIAL if None in counters or None in self.files.values() else OK

    def rate(self):
        """None while the state is NOP or DOWN: the kernel then prints a placeholder."""
        state = self.files.get("state")
        return None if state and state.number in (0, 1) else self.files.get("rate")

    def octets(self, name):
        words = self.pma.get(name)
        return None if words is None else words * (8 if self.device.is_hfi1() else 4) % 2**64

    def saturated(self):
        """None where no counter could be read."""
        if self.status() != OK and set(self.pma.values()) <= {None}:
            return None
        if self.device.driver in DRIVERS_THAT_WRAP:
            return 0
        limits = dict(PMA_FILES)
        if not any(name.startswith(("unicast_", "multicast_")) for name in self.pma):
            limits.update(dict.fromkeys(PMA_FILES_OF_32_BITS, MAX32))
        return sum(value is not None and value == limits[name] for name, value in self.pma.items())


class NamedCounter:
    """A file of a hw_counters/ as a row of its own."""

    def __init__(self, name, value):
        self.read = known(value)
        self.kind = (SETTING if name == "lifespan" else HIGH_WATER if name.startswith("watermark_")
                     else A_GAUGE if name in GAUGES else COUNTER)

    def value(self):
        return self.read if self.kind == COUNTER else None

    def level(self):
        return None if self.kind == COUNTER or self.read is None else min(self.read, MAX32)


def known(value):
    return None if value is NOT_AVAILABLE else value


def hw_counters(device, parent, longest):
    """Name -> value for a hw_counters/, and how many files it has besides whose name cannot be an index."""
    directory = parent + "/hw_counters"
    names = device.tree.names(directory)
    values = {name: get(device.tree, directory + "/" + name, decimal64)
              for name in names if can_be_index(name, longest)}
    if device.driver.startswith("ionic"):
        values = {name: NOT_AVAILABLE if value == MAX64 else value for name, value in values.items()}
    return values, len(names) - len(values)


def netdev(device, port, port_number, ports_of_device):
    """The netdev of the first GID; else that of the PCI function; else the one the driver names."""
    tree, net = device.tree, device.path + "/device/net"
    of_gid = get(tree, port + "/gid_attrs/ndevs/0", text)
    if of_gid:
        return of_gid
    places = {}
    for name in tree.names(net):
        place = get(tree, "%s/%s/dev_port" % (net, name), decimal32)
        places[name] = get(tree, "%s/%s/dev_id" % (net, name), hexadecimal) if place is None else place
    for name, place in places.items():
        if place == port_number - 1:
            return name
    if list(places.values()) == [None] and ports_of_device == 1:
        return list(places)[0]
    return get(tree, device.path + "/parent", text) or None


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


# --- Every object that a walk can show.

ANY = "*"
AGENT, DEVICE, PORT, PMA, HW, NAMED, DEVICE_NAMED = range(1, 8)

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
OBJECTS += [("rdmaHw" + camel(name), HW, column, COUNTER64, hw(name)) for column, name in enumerate("""
    rx_write_requests rx_read_requests rx_atomic_requests out_of_buffer out_of_sequence duplicate_request
    rnr_nak_retry_err packet_seq_err implied_nak_seq_err local_ack_timeout_err resp_local_length_error resp_cqe_error
    req_cqe_error req_remote_invalid_request req_remote_access_errors resp_remote_access_errors resp_cqe_flush_error
    req_cqe_flush_error roce_adp_retrans roce_adp_retrans_to roce_slow_restart roce_slow_restart_cnps
    roce_slow_restart_trans rp_cnp_ignored rp_cnp_handled np_ecn_marked_roce_packets np_cnp_sent rx_icrc_encapsulated
    rx_dct_connect req_transport_retries_exceeded req_rnr_retries_exceeded rx_bytes tx_bytes rx_pkts tx_pkts
    """.split(), 1)]


# --- The walk.

def rows(agent):
    """Arc of a table -> its rows, each with its index."""
    ports = [((port.device.name, port.number), port) for port in agent.ports]
    return {
        AGENT: [((0,), agent)],
        DEVICE: [((device.name,), device) for device in agent.devices],
        PORT: ports, PMA: ports, HW: ports,
        NAMED: [(index + (name,), NamedCounter(name, value))
                for index, port in ports for name, value in port.hw.items()],
        DEVICE_NAMED: [((device.name, name), NamedCounter(name, value))
                       for device in agent.devices for name, value in device.hw.items()],
    }


def index_oid(index):
    """A string is its length and its bytes: hence shorter names sort before longer ones."""
    oid = ()
    for part in index:
        oid += (len(part), *part.encode()) if isinstance(part, str) else (part,)
    return oid


def index_text(index):
    return "".join('."%s"' % part if isinstance(part, str) else ".%d" % part for part in index)


def instances(tree, cache_max_age=1000):
    """(OID, name, value, value as printed) of every object instance."""
    tables = rows(Agent(tree, cache_max_age))
    for name, table, column, syntax, value_of in OBJECTS:
        for index, row in tables[table]:
            value = value_of(row)
            if value is not None:
                # A scalar is a column of rdmaAgent, a column of a table lies below its entry.
                arcs = (table, column) if table == AGENT else (table, 1, column)
                yield ROOT + arcs + index_oid(index), name + index_text(index), value, syntax(value)


def walk(tree, cache_max_age=1000):
    """The OID and the line of every object instance, in the order of a walk."""
    return sorted((oid, "%s = %s" % (name, line)) for oid, name, _, line in instances(tree, cache_max_age))


def cells(tree, cache_max_age=1000):
    """OID -> (type, value) of every object instance in the order of a walk: the type as snmpwalk prints it, the value a
    number or a text, or None where it depends on the time or on the program."""
    found = {}
    for oid, _, value, line in instances(tree, cache_max_age):
        syntax, _, printed_value = line.partition(": ")
        if value == ANY:
            value = None
        elif syntax == "STRING":
            value = printed_value
        elif syntax == "INTEGER":       # a number outside an enumeration is another one in its cell
            value = int(re.search("-?[0-9]+", printed_value.rpartition("(")[2])[0])
        found[oid] = syntax, value
    return dict(sorted(found.items()))


def readable_counters(tree):
    """(device, port, directory, file, value) of every counter file that has a place in the MIB.

    The port is None for a counter of the device, the value None where the file gives none.
    Left out: files of counters/ other than the kernel's 21, names that cannot be an index.
    """
    for device in Agent(tree, 0).devices:
        for name, value in device.hw.items():
            yield device.name, None, "hw_counters", name, known(value)
        for port in device.ports:
            for name, value in port.pma.items():
                yield device.name, port.number, "counters", name, value
            for name, value in port.hw.items():
                yield device.name, port.number, "hw_counters", name, known(value)


def main():
    parser = argparse.ArgumentParser(description="Prints the walk of RDMA-PORT-MIB that a sysfs tree must give.")
    parser.add_argument("--cache-max-age", type=int, default=1000, metavar="MS")
    parser.add_argument("tree", metavar="TREE", help="a sysfs.tree")
    options = parser.parse_args()
    for _, line in walk(read_tree(options.tree), options.cache_max_age):
        print(line)


if __name__ == "__main__":
    main()
