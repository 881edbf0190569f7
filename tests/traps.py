"""snmptrapd as the receiver of a private snmpd's notifications, and what it received.

    receiver = workspace.enter(TrapReceiver(workspace))
    master = workspace.enter(Master(workspace, "trap2sink %s %s" % (receiver.address, snmp.COMMUNITY)))
    trap = receiver.next("rdmaPortDown")
    trap["rdmaPortName"]        "STRING: mlx5_0/1"
"""

import collections
import os
import subprocess

import snmp
from harness import PATIENCE, Process, free_udp_port, need_program, wait_for

ENGINE_ID = "0x80001f8804726478"     # of the snmpd that sends SNMPv3 traps

# The configuration of the snmpd that sends to a receiver in each of the ways there are.
V1 = "trapsink {address} " + snmp.COMMUNITY
V2C = "trap2sink {address} " + snmp.COMMUNITY
INFORM = "informsink {address} " + snmp.COMMUNITY
V3_OPTIONS = ("-v3 -u {user} -l authPriv -a SHA-256 -A \"{authentication}\" -x AES -X \"{privacy}\" "
              .format(user=snmp.USER, authentication=snmp.AUTHENTICATION, privacy=snmp.PRIVACY))
V3 = "exactEngineID " + ENGINE_ID + "\ntrapsess " + V3_OPTIONS + "{address}"
V3_INFORM = "trapsess -Ci " + V3_OPTIONS + "{address}"

# One trap a line: version, command, enterprise and numbers of SNMPv1, and the variables.
FORMAT = r"TRAP\t%s\t%P\t%N\t%w\t%q\t%V\t%v\n"

VERSIONS = {"0": "1", "1": "2c", "3": "3"}

class Received(collections.OrderedDict):
    """One notification: object -> "TYPE: value" of what it carries, in its order.

    name: of the notification. version, security: how it came. uptime: sysUpTime.0. indexes: what follows each
    object in its name. text: all of it as it was printed.
    """


class TrapReceiver(Process):
    """An snmptrapd on a free UDP port of 127.0.0.1."""

    def __init__(self, workspace):
        super().__init__(workspace, "snmptrapd")
        self.program = need_program("SNMPTRAPD", "snmptrapd", "/usr/sbin/snmptrapd")
        self.directory = workspace.make_directory("receiver")
        self.output = os.path.join(self.directory, "traps")
        self.port = free_udp_port()
        self.address = "udp:127.0.0.1:%d" % self.port
        self._taken = 0
        with open(os.path.join(self.directory, "snmptrapd.conf"), "w", encoding="ascii") as file:
            file.write("""
authCommunity log {snmp.COMMUNITY}
createUser -e {engine} {snmp.USER} SHA-256 "{snmp.AUTHENTICATION}" AES "{snmp.PRIVACY}"
createUser {snmp.USER} SHA-256 "{snmp.AUTHENTICATION}" AES "{snmp.PRIVACY}"
authUser log {snmp.USER} priv
""".format(snmp=snmp, engine=ENGINE_ID))

    def start(self):
        self.spawn([self.program, "-f", "-n", "-Lf", self.output, "-C", "-c",
                    os.path.join(self.directory, "snmptrapd.conf"), "-F", FORMAT, "-OsU", *snmp.MIBS, self.address],
                   snmp.environment(self.directory), stdin=subprocess.DEVNULL)
        wait_for(lambda: "NET-SNMP version" in self.text() or not self.is_running(), "snmptrapd is there")

    def sink(self, configuration):
        """One of the constants above for this receiver."""
        return configuration.replace("{address}", self.address)

    def text(self):
        if not os.path.exists(self.output):
            return ""
        with open(self.output, encoding="utf-8", errors="replace") as file:
            return file.read()

    def all(self):
        """Every notification received up to now."""
        return [parse(line) for line in self.text().splitlines(keepends=True)
                if line.startswith("TRAP\t") and line.endswith("\n") and "rdma" in line]    # snmpd has some of its own

    def next(self, name=None, seconds=PATIENCE):
        """The next notification after the one that was returned last, of this name if one is given."""
        def search():
            received = self.all()
            for at in range(self._taken, len(received)):
                if name in (None, received[at].name):
                    self._taken = at + 1
                    return received[at]
            return None
        return wait_for(search, "a notification %s; received: %s" % (name or "", self.text()[-3000:]), seconds)

    def fired(self, monitor, seconds=PATIENCE):
        """The first mteTriggerFired of this monitor of snmpd (DISMAN-EVENT-MIB)."""
        def search():
            return [trap for trap in self.all() if trap.name.endswith("88.2.0.1") and '"%s"' % monitor in trap.text]
        return wait_for(search, "the monitor fires: " + monitor, seconds)[0]

    def rest(self):
        """What came after the one that was returned last."""
        return self.all()[self._taken:]


def parse(line):
    """One line of FORMAT."""
    _, version, security, enterprise, _, specific, *variables = line.rstrip("\n").split("\t")
    received = Received()
    received.version, received.security, received.text = VERSIONS[version], security, line
    received.indexes, received.uptime = {}, None
    received.name = "%s.0.%s" % (enterprise, specific)     # of SNMPv1: RFC 3584, 3.1
    for variable in filter(None, variables):
        name, _, value = variable.partition(" = ")
        base, _, index = name.partition(".")
        if name.endswith("1.1.4.1.0"):
            received.name = value.partition("OID: ")[2]
        elif name.endswith("1.3.0"):
            received.uptime = value
        else:
            received[base] = value
            received.indexes[base] = index
    return received
