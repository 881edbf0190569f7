"""The rows that a sysfs tree demands: the subagent, its devices, their ports and their counters, each made of files.

None is what the tree does not say.
"""

import os
import re

from sysfs_values import (MAX32, MAX64, decimal32, decimal64, guid_text, hexadecimal, interface, numa_node, numbered,
                          rate, text, word)

CLASS = "class/infiniband"
NOT_AVAILABLE = "not available"     # an answer without a value: what 2^64-1 of ionic means

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

COUNTER, GAUGE, HIGH_WATER, SETTING = 1, 2, 3, 4
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
                     else GAUGE if name in GAUGES else COUNTER)

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
