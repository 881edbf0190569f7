#!/usr/bin/env python3
"""Notifications, from a file of the tree to snmptrapd: when each is sent, all that it carries, and what holds it back.

When and how often is decided by src/port/changes.c, whose unit tests have a clock of their own; here it is seen to arrive.
"""

import time

import snmp
import tap
import traps
from harness import UNHURRIED, Agent, Master, Tree, Workspace, serving, settles, wait_for
from trees import CLASS, slim, slim_name

LOOK = 0.1                              # s between two looks
WATCH = ["--notifications", "--watch-interval", "%dms" % (LOOK * 1000)]
PORT_INTERVAL = 5                       # s between two notifications of a port
DOWN, INIT, ACTIVE = "1: DOWN", "2: INIT", "4: ACTIVE"

# Two network interfaces with an Ethernet port each, beside the InfiniBand ports of slim().
ETHERNET = "\n".join("""
{port}/state = 4: ACTIVE
{port}/phys_state = 5: LinkUp
{port}/link_layer = Ethernet
{port}/gid_attrs/ndevs/0 = eth{number}
{port}/counters/link_downed = 255
class/net/eth{number}/ifindex = {index}
class/net/eth{number}/carrier_changes = 2
class/net/eth{number}/flags = 0x1003
class/net/eth{number}/operstate = up
class/net/eth{number}/mtu = 1500
""".format(port=CLASS + "roce_%d/ports/1" % number, number=number, index=number + 7) for number in range(2))


def port(number, file):
    return "%s%s/ports/1/%s" % (CLASS, slim_name(number), file)


def tree_text(devices):
    """Every other port has link_downed, and none of them a network interface."""
    counted = ["%s = %d" % (port(number, "counters/link_downed"), 10 + number) for number in range(0, devices, 2)]
    return slim(devices) + "\n".join(counted) + ETHERNET


class Bench(Workspace):
    """A tree, a receiver, an snmpd that sends to it, and the subagent that watches.

    unlisted: the devices cannot be listed when it starts.
    """

    def __init__(self, devices=12, sinks=(traps.V2C,), options=(), text=None, unlisted=False):
        super().__init__()
        self.devices, self.sinks, self.options, self.text, self.unlisted = devices, sinks, options, text, unlisted

    def __enter__(self):
        super().__enter__()
        self.tree = self.enter(Tree(self, self.write("tree", self.text or tree_text(self.devices))))
        if self.unlisted:
            self.tree.fail_open(CLASS.rstrip("/"), "EIO")
        self.receiver = self.enter(traps.TrapReceiver(self))
        self.master = self.enter(Master(self, "\n".join(map(self.receiver.sink, self.sinks))))
        self.agent = self.enter(Agent(self, self.master, self.tree.root, *UNHURRIED, *(self.options or WATCH)))
        serving(self.master)
        return self

    def looks(self, count=2):
        """Waits for so many more looks of the watcher."""
        def refreshes():
            return int(self.master.client().cell("rdmaAgentRefreshes.0").split()[-1])
        wanted = refreshes() + count
        wait_for(lambda: refreshes() >= wanted, "%d looks" % count)

    def change(self, name, *changes):
        """Makes changes, each (file, text) of the tree, and gives the notification of that name which follows."""
        for path, text in changes:
            self.tree.set(path, text)
        return self.receiver.next(name)


def of_port(number, state, before, changes, phys="linkUp(5)", link_downed=None):
    """What a notification of a port of slim() carries."""
    carries = [("rdmaPortName", "STRING: %s/1" % slim_name(number)), ("rdmaPortState", "INTEGER: " + state),
               ("rdmaPortPreviousState", "INTEGER: " + before), ("rdmaPortPhysState", "INTEGER: " + phys),
               ("rdmaPortStateChanges", "Counter32: %d" % changes)]
    if number % 2 == 0:
        carries.append(("rdmaPortLinkDowned", "Counter64: %d" % (10 + number if link_downed is None else link_downed)))
    return carries


def of_device(name, status):
    return [("rdmaDeviceKernelName", "STRING: " + name), ("rdmaDeviceStatus", "INTEGER: " + status)]


def carries(received, name, index, wanted, sentence):
    """A test point: the notification is this one, and carries that, in this order and all of the same row."""
    got = [received.name] + ["%s.%s = %s" % (base, received.indexes[base], value) for base, value in received.items()]
    tap.equal(got, [name] + ["%s.%s = %s" % (base, index, value) for base, value in wanted], sentence)


def index_of(number):
    return '"%s".1' % slim_name(number)


def every_way():
    """One change, received as SNMPv2c and v3 trap and inform; and as SNMPv1, where that can carry it."""
    with Bench(sinks=[traps.V1, traps.V2C, traps.INFORM, traps.V3, traps.V3_INFORM]) as bench:
        bench.change("rdmaPortDown", (port(0, "state"), DOWN))
        wait_for(lambda: len(bench.receiver.all()) >= 4, "four notifications")
        received = {(trap.version, trap.security.split(",")[0]): trap for trap in bench.receiver.all()}
        wanted = of_port(0, "down(1)", "active(4)", 1)
        for way in [("2c", "TRAP2"), ("2c", "INFORM"), ("3", "TRAP2"), ("3", "INFORM")]:
            carries(received.get(way, traps.Received()), "rdmaPortDown", index_of(0), wanted,
                    "SNMPv%s %s: rdmaPortDown with all that it carries" % way)
        tap.ok("user " + snmp.USER in received[("3", "INFORM")].security, "SNMPv3 is that of the user")
        bench.change(None, (port(1, "state"), DOWN))
        wait_for(lambda: any(trap.version == "1" for trap in bench.receiver.all()), "an SNMPv1 trap")
        trap = next(trap for trap in bench.receiver.all() if trap.version == "1")
        carries(trap, "rdmaPortMIB.0.rdmaPortDown", index_of(1), of_port(1, "down(1)", "active(4)", 1),
                "SNMPv1 has it if it carries no Counter64")
        settles(lambda: len(bench.receiver.all()), 9, "each way had each notification once")


def ports(bench):
    """Up, Down and Flapped, by every trigger."""
    trap = bench.change("rdmaPortDown", (port(0, "phys_state"), "3: Disabled"), (port(0, "state"), DOWN))
    carries(trap, "rdmaPortDown", index_of(0), of_port(0, "down(1)", "active(4)", 1, "disabled(3)"),
            "a port that goes down is told")
    began = time.monotonic()
    trap = bench.change("rdmaPortDown", (port(1, "state"), INIT))
    carries(trap, "rdmaPortDown", index_of(1), of_port(1, "init(2)", "active(4)", 1),
            "a port that loses its subnet manager is down, and what it lacks is left out")
    trap = bench.change("rdmaPortUp", (port(0, "phys_state"), "5: LinkUp"), (port(0, "state"), ACTIVE))
    tap.ok(time.monotonic() - began > PORT_INTERVAL - 1, "the next of the same port comes 5 s after the first")
    carries(trap, "rdmaPortUp", index_of(0), of_port(0, "active(4)", "down(1)", 2), "a port that comes up is told")
    trap = bench.change("rdmaPortFlapped", (port(2, "counters/link_downed"), "13"))
    carries(trap, "rdmaPortFlapped", index_of(2), of_port(2, "active(4)", "unknown(255)", 0, link_downed=13),
            "link_downed tells of a flap between two looks")
    trap = bench.change("rdmaPortFlapped", ("class/net/eth0/carrier_changes", "4"))
    carries(trap, "rdmaPortFlapped", '"roce_0".1',
            [("rdmaPortName", "STRING: roce_0/1"), ("rdmaPortState", "INTEGER: active(4)"),
             ("rdmaPortPreviousState", "INTEGER: unknown(255)"), ("rdmaPortPhysState", "INTEGER: linkUp(5)"),
             ("rdmaPortStateChanges", "Counter32: 0"), ("rdmaPortIfIndex", "INTEGER: 7"),
             ("rdmaPortLinkDowned", "Counter64: 255")], "so does the carrier of the network interface")
    bench.tree.set(port(4, "counters/link_downed"), "0")
    bench.looks()
    bench.tree.refuse(port(4, "state"), "EIO")
    bench.looks()
    trap = bench.change("rdmaPortFlapped", (port(4, "counters/link_downed"), "1"))
    carries(trap, "rdmaPortFlapped", index_of(4),
            of_port(4, "unknown(255)", "unknown(255)", 0, link_downed=1), "a state that cannot be read is unknown")
    tap.equal(bench.receiver.rest(), [], "a falling link_downed and an unreadable state are told by nothing")


def devices(bench):
    """Removed, Added, Stalled and Recovered."""
    gone, stalled = slim_name(6), slim_name(7)
    bench.tree.refuse(port(6, "counters/port_xmit_data"), "EINVAL")
    bench.looks()
    bench.tree.rename(CLASS + gone, "elsewhere")
    carries(bench.receiver.next("rdmaDeviceRemoved"), "rdmaDeviceRemoved", '"%s"' % gone,
            of_device(gone, "partial(2)"), "a device that is gone is told, with its last status")
    bench.tree.rename("elsewhere", CLASS + gone)
    carries(bench.receiver.next("rdmaDeviceAdded"), "rdmaDeviceAdded", '"%s"' % gone, of_device(gone, "partial(2)"),
            "a device that appears is told")
    bench.tree.hang(port(7, "counters/port_xmit_data"))
    carries(bench.receiver.next("rdmaDeviceStalled"), "rdmaDeviceStalled", '"%s"' % stalled,
            of_device(stalled, "stalled(4)"), "a device that hangs is told")
    bench.tree.set(port(7, "state"), DOWN)
    bench.looks()
    tap.equal(bench.receiver.rest(), [], "while it hangs, nothing is told of its port")
    bench.tree.release(port(7, "counters/port_xmit_data"))
    first, second = bench.receiver.next(), bench.receiver.next()
    told = {trap.name: trap for trap in (first, second)}
    carries(told.get("rdmaDeviceRecovered", first), "rdmaDeviceRecovered", '"%s"' % stalled,
            of_device(stalled, "ok(1)"), "a device that answers again is told")
    carries(told.get("rdmaPortDown", second), "rdmaPortDown", index_of(7), of_port(7, "down(1)", "active(4)", 1),
            "what happened meanwhile is told then")


def away(bench):
    """What happens while snmpd is away is told when it is back, as it is then, once."""
    bench.master.stop()
    bench.agent.wait_log("lost snmpd")
    bench.tree.set(port(8, "state"), DOWN)
    bench.tree.set(port(9, "state"), DOWN)
    time.sleep(3 * LOOK)                # for the watcher to see it
    bench.tree.set(port(9, "state"), ACTIVE)
    time.sleep(3 * LOOK)
    bench.master.start()
    told = {trap["rdmaPortName"]: trap for trap in (bench.receiver.next(), bench.receiver.next())}
    carries(told["STRING: %s/1" % slim_name(8)], "rdmaPortDown", index_of(8), of_port(8, "down(1)", "active(4)", 1),
            "what happened while snmpd was away is told when it is back")
    carries(told["STRING: %s/1" % slim_name(9)], "rdmaPortFlapped", index_of(9),
            of_port(9, "active(4)", "down(1)", 2), "of what came and went, what it is now")
    bench.looks()
    tap.equal(bench.receiver.rest(), [], "each once")


def hung(bench):
    """An snmpd that does not read for a while gets the notification once, and the subagent does not wait for it."""
    bench.master.pause()
    try:
        bench.tree.set(port(10, "state"), DOWN)
        time.sleep(3 * LOOK)
        reads = bench.tree.count(port(10, "state"))[1]
        wait_for(lambda: bench.tree.count(port(10, "state"))[1] > reads + 2, "the watcher goes on")
        tap.ok(True, "the watcher goes on while snmpd hangs")
        time.sleep(5)                   # Net-SNMP would have sent a second and a third copy by now
    finally:
        bench.master.resume()
    carries(bench.receiver.next("rdmaPortDown"), "rdmaPortDown", index_of(10), of_port(10, "down(1)", "active(4)", 1),
            "an snmpd that hung sends it then")
    bench.looks(10)
    tap.equal(bench.receiver.rest(), [], "and only once")


def killed(bench):
    """An snmpd that is killed before it has read the notification: the next one gets it."""
    bench.master.pause()
    bench.tree.set(port(11, "state"), DOWN)
    bench.agent.wait_log("msg=notification name=rdmaPortDown device=%s port=1" % slim_name(11))
    bench.master.kill9()
    bench.master.start()
    carries(bench.receiver.next("rdmaPortDown"), "rdmaPortDown", index_of(11), of_port(11, "down(1)", "active(4)", 1),
            "what an snmpd that was killed had not read, the next one sends")


def storm():
    """256 ports that change 1,000 times a second: neither the subagent nor snmpd is blocked."""
    count, seconds = 256, 5
    with Bench(text=slim(count)) as bench:
        client = bench.master.client(timeout=1)
        states, slowest, changes, start = [ACTIVE] * count, 0.0, 0, time.monotonic()
        asked = start
        while time.monotonic() < start + seconds:
            time.sleep(max(0, start + changes / 1000 - time.monotonic()))
            for number in range(20):
                at = (changes + number) % count
                states[at] = DOWN if states[at] == ACTIVE else ACTIVE
                bench.tree.set(port(at, "state"), states[at])
            changes += 20
            if time.monotonic() > asked + 0.2:
                got = client.cells("rdmaAgentHealth.0", ".1.3.6.1.2.1.1.3.0")
                slowest, asked = max(slowest, got.seconds if len(got) == 2 else 99), time.monotonic()
        tap.note("%d changes a second; the slowest answer took %.3f s" % (changes / seconds, slowest))
        tap.ok(slowest < 1, "during a storm, sysUpTime and rdmaAgentHealth are answered within 1 s")
        received = bench.receiver.all()
        tap.ok(25 <= len(received) <= 25 + 5 * (seconds + 2), "a storm is told in no more than the bucket holds",
               "%d notifications" % len(received))
        told = [trap["rdmaPortName"] for trap in received if "rdmaPortName" in trap]     # a device may be late as well
        tap.equal(len(set(told)), len(told), "and of each port once")


def quiet():
    """Without --notifications nothing is read and nothing told; with it, an idle Ethernet port is not asked."""
    with Bench(options=["--watch-interval", "100ms"]) as bench:
        tap.equal(bench.master.client().cell("rdmaAgentNotificationsEnabled.0"), "INTEGER: false(2)",
                  "notifications are off unless they are asked for")
        bench.tree.set(port(0, "state"), DOWN)
        time.sleep(0.5)
        bench.tree.reset_counts()
        time.sleep(1)
        tap.equal(bench.tree.count("class"), (0, 0), "then nothing is read that nobody asks for")
        bench.master.client().walk("rdmaPortState")
        tap.equal(bench.receiver.all(), [], "and nothing is told")
    with Bench() as bench:
        tap.equal(bench.master.client().cell("rdmaAgentNotificationsEnabled.0"), "INTEGER: true(1)",
                  "rdmaAgentNotificationsEnabled tells of them")
        def five_looks_that_do_not_ask():
            bench.tree.reset_counts()
            wait_for(lambda: bench.tree.count("class/net/eth1/carrier_changes")[1] >= 5, "five looks")
            return bench.tree.count(CLASS + "roce_1/ports/1/state") == (0, 0)
        wait_for(five_looks_that_do_not_ask, "the port is left alone")
        tap.ok(True, "an Ethernet port whose network interface stands still is not asked for its state")


def unlisted():
    """What is there at the start is not told, even if it takes a while to find out what that is."""
    with Bench(unlisted=True) as bench:
        bench.looks()
        tap.equal(bench.master.client().cell("rdmaAgentHealth.0"), "INTEGER: failed(3)", "the devices cannot be listed")
        bench.tree.fail_open(CLASS.rstrip("/"), 0)
        wait_for(lambda: bench.master.client().cell("rdmaAgentDevices.0") == "Gauge32: 14", "all are served")
        bench.change("rdmaPortDown", (port(0, "state"), DOWN))
        tap.equal([trap.name for trap in bench.receiver.all()], ["rdmaPortDown"],
                  "devices that could not be listed at the start are not told as added")


def fallback():
    """--link-events=verbs where libibverbs has no say: one line, and polling."""
    with Bench(options=[*WATCH, "--link-events", "verbs"]) as bench:
        bench.change("rdmaPortDown", (port(0, "state"), DOWN))
        lines = [line for line in bench.agent.log().splitlines() if "link events" in line]
        tap.ok(len(lines) == 1 and "level=warn" in lines[0] and "polled" in lines[0],
               "without libibverbs, --link-events=verbs falls back to polling, with one line", *lines)


def main():
    every_way()
    with Bench() as bench:
        ports(bench)
    with Bench() as bench:
        devices(bench)
    with Bench() as bench:
        away(bench)
        hung(bench)
        killed(bench)
    unlisted()
    fallback()
    storm()
    quiet()


with tap.points():
    main()
