"""The devices that are served: what their files hold, so that each value tells whose it is, and which cells come of it.

A counter holds (10 * device + port) * 10^14 + file * 10^11 + version, with the version rising at each change. None is
ever 0. Even devices are InfiniBand, odd ones Ethernet; every third one has two ports. Port 0 means the device itself.
"""

import collections

import snmp

CLASS = "class/infiniband/"
STATES = ("4: ACTIVE", "1: DOWN", "2: INIT", "3: ARMED")
PHYS_STATES = ("5: LinkUp", "2: Polling", "3: Disabled", "4: PortConfigurationTraining")

COUNTERS = ["counters/" + name for name in ("port_xmit_data", "port_rcv_data", "port_xmit_packets", "symbol_error",
                                            "link_downed")]
HW_COUNTERS = ["hw_counters/" + name for name in ("rx_write_requests", "out_of_sequence", "np_cnp_sent", "soaked")]
PORT_NUMBERS = COUNTERS + HW_COUNTERS
DEVICE_NUMBERS = ["hw_counters/soaked_device"]
STATIC = {"lid_mask_count": "0", "sm_lid": "0x1", "sm_sl": "0", "cap_mask": "0x1", "rate": "400 Gb/sec (4X NDR)"}

# Read again only once a minute, or when the state moves: that is how old these may be.
SLOW = {"lid": 60, "node_desc": 60, "node_guid": 60}

# Objects of one port or device: what file they come from and what they make of it.
PORT_OBJECTS = {
    "rdmaPortState": ("state", 1), "rdmaPortPhysState": ("phys_state", 1), "rdmaPortLid": ("lid", 1),
    "rdmaPortSymbolError": ("counters/symbol_error", 1), "rdmaPortLinkDowned": ("counters/link_downed", 1),
    "rdmaPortXmitData": ("counters/port_xmit_data", 1), "rdmaPortRcvData": ("counters/port_rcv_data", 1),
    "rdmaPortXmitPackets": ("counters/port_xmit_packets", 1), "rdmaPortXmitOctets": ("counters/port_xmit_data", 4),
    "rdmaPortRcvOctets": ("counters/port_rcv_data", 4), "rdmaHwRxWriteRequests": ("hw_counters/rx_write_requests", 1),
    "rdmaHwOutOfSequence": ("hw_counters/out_of_sequence", 1), "rdmaHwNpCnpSent": ("hw_counters/np_cnp_sent", 1)}
DEVICE_OBJECTS = {"rdmaDeviceNodeGuid": ("node_guid", 1), "rdmaDeviceNodeDescription": ("node_desc", 1)}
OTHERS = ("rdmaPortMIB", "rdmaDeviceStatus", "rdmaDeviceKernelName", "rdmaPortStatus", "rdmaPortName",
          "rdmaCounterValue", "rdmaDeviceCounterValue")

# One object of one row. file: what it comes from, "row" if it is there with the row; scale: times what.
Cell = collections.namedtuple("Cell", "device port file scale object")


class Objects:
    """The OIDs of the objects above, and back."""

    def __init__(self, directory):
        names = [*PORT_OBJECTS, *DEVICE_OBJECTS, *OTHERS]
        oids = snmp.parallel(lambda name: snmp.translate("RDMA-PORT-MIB::" + name, directory), names, 2)
        self.oid = dict(zip(names, oids))
        self.root = self.oid["rdmaPortMIB"]
        self.name = {oid[len(self.root):]: name for name, oid in self.oid.items()}

    def of_cell(self, cell, name):
        """The OID of a cell of the device that has a name."""
        oid = self.oid[cell.object] + (len(name), *name.encode())
        if cell.port:
            oid += (cell.port,)
        if cell.object in ("rdmaCounterValue", "rdmaDeviceCounterValue"):
            counter = cell.file.partition("/")[2]
            oid += (len(counter), *counter.encode())
        return oid

    def parse(self, oid):
        """(table, object or None, device name, port, counter) of an OID in a table; None of any other."""
        suffix = oid[len(self.root):]
        index = suffix[4:]
        if oid[:len(self.root)] != self.root or not index or suffix[0] != 1 or not 2 <= suffix[1] <= 7 or \
                len(index) <= index[0] + (suffix[1] not in (2, 7)):
            return None     # of a request, it may also be cut off
        name, rest = bytes(index[1:1 + index[0]]).decode(), index[1 + index[0]:]
        port = 0 if suffix[1] in (2, 7) else rest[0]
        counter = rest[0 if suffix[1] == 7 else 1:] if suffix[1] in (6, 7) else ()
        return suffix[1], self.name.get(suffix[:4]), name, port, bytes(counter[1:]).decode()

    def print(self, oid):
        """An OID as people read it."""
        parsed = self.parse(oid)
        if not parsed:
            return ".".join(map(str, oid))
        table, name, device, port, counter = parsed
        return "%s %s%s %s" % (name or "%d.%d" % (table, oid[len(self.root) + 3]), device, "/%d" % port if port else "",
                               counter)


class Device:
    """One device: its number, its name at the moment (None: removed), the one it has or comes back under, and what its
    files hold."""

    def __init__(self, number):
        self.number, self.is_ethernet = number, number % 2 == 1
        self.name = self.kept_name = "mlx5_%d" % number
        self.ports = [1, 2] if number % 3 == 0 else [1]
        self.versions, self.carrier_changes = {}, 1
        self.files = [(port, file) for port in self.ports for file in (*PORT_NUMBERS, "state", "phys_state", "lid")]
        self.files += [(0, file) for file in (*DEVICE_NUMBERS, "node_guid", "node_desc")]
        self.cells = [Cell(self, port, "row", 1, "rdmaPortName") for port in self.ports]
        self.cells.append(Cell(self, 0, "row", 1, "rdmaDeviceKernelName"))
        for port in self.ports:
            self.cells += [Cell(self, port, file, scale, name) for name, (file, scale) in PORT_OBJECTS.items()]
            self.cells += [Cell(self, port, file, 1, "rdmaCounterValue") for file in HW_COUNTERS]
        self.cells += [Cell(self, 0, file, scale, name) for name, (file, scale) in DEVICE_OBJECTS.items()]
        self.cells += [Cell(self, 0, file, 1, "rdmaDeviceCounterValue") for file in DEVICE_NUMBERS]

    def __repr__(self):
        return "device %d (%s)" % (self.number, self.name)

    def place(self, name=None):
        return "devices/pci0000:%02x/0000:%02x:00.0/infiniband/%s" % (self.number, self.number, name or self.name)

    def text(self, port, file):
        """What a file holds at its present version."""
        version = self.versions.get((port, file), 0)
        if file in PORT_NUMBERS or file in DEVICE_NUMBERS:
            place = (PORT_NUMBERS + DEVICE_NUMBERS).index(file) + 1
            return str((10 * self.number + port) * 10**14 + place * 10**11 + version)
        if file == "state":
            return STATES[version % len(STATES)]
        if file == "phys_state":
            return PHYS_STATES[version % len(PHYS_STATES)]
        if file == "lid":
            return "0x%x" % (1000 * self.number + 100 * port + version % 100)
        if file == "node_guid":
            return "0000:0000:0000:%04x" % self.number
        return "soaked device %d" % self.number

    def path(self, port, file, base=None):
        base = base or CLASS + self.name
        return "%s/ports/%d/%s" % (base, port, file) if port else "%s/%s" % (base, file)

    def lines(self):
        """All its files as lines of a .tree file, in no directory of a class yet."""
        base = self.place()
        for port, file in self.files:
            yield "%s = %s" % (self.path(port, file, base), self.text(port, file))
        for port in self.ports:
            for file, text in STATIC.items():
                yield "%s = %s" % (self.path(port, file, base), text)
            yield "%s = %s" % (self.path(port, "link_layer", base), "Ethernet" if self.is_ethernet else "InfiniBand")
            if self.is_ethernet:
                yield "%s = eth%d%d" % (self.path(port, "gid_attrs/ndevs/0", base), self.number, port)
        yield base + "/node_type = 1: CA"

    def link(self):
        return "%s%s -> ../../%s" % (CLASS, self.name, self.place())

    def netdev_lines(self):
        for port in self.ports if self.is_ethernet else ():
            netdev = "class/net/eth%d%d/" % (self.number, port)
            yield netdev + "carrier_changes = 1"
            yield netdev + "flags = 0x1003"
            yield netdev + "operstate = up"
            yield netdev + "ifindex = %d" % (10 * self.number + port)


def tree_text(devices):
    """The .tree file of all."""
    lines = []
    for device in devices:
        lines += [*device.lines(), device.link(), *device.netdev_lines()]
    return "\n".join(lines) + "\n"


def value_of(text, file, scale):
    """What SNMP must show for the text of a file; None if it is no value."""
    if text is None:
        return None
    if file in ("state", "phys_state"):
        return int(text.partition(":")[0])
    if file == "lid":
        return int(text, 16)
    if file in ("node_guid", "node_desc"):
        return text.encode()
    return int(text) * scale % 2**64
