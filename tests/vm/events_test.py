#!/usr/bin/env python3
"""Holds that what happens to real links and devices is received by snmptrapd, with all that is to be known of it, while
nobody polls; and that watching for it gives the kernel nothing to talk about."""

import time

import vm
import tap
import traps
from harness import UNHURRIED, Agent, Master, serving_whole, settles, wait_for

# In the second, nothing but the kernel's messages and libibverbs' events makes it look within the test.
MODES = {"looks": ["--watch-interval", "300ms"], "events": ["--link-events=verbs", "--watch-interval", "1h"]}
DAMPING = 5             # s between two notifications of a port
PROMPT = 0.1            # s
COMPLAINT = "speed is unknown"


class Told:
    """What is told from here on."""

    def __init__(self, receiver):
        self.receiver, self.before = receiver, len(receiver.all())

    def all(self):
        return self.receiver.all()[self.before:]

    def of(self, subject, name):
        """The first of this name about a port or a device."""
        def search():
            return next((trap for trap in self.all() if trap.name == name and
                         subject in (trap.get("rdmaPortName"), trap.get("rdmaDeviceKernelName"))), None)
        return wait_for(search, "%s of %s" % (name, subject), every=PROMPT / 10)


def of_port(device, state, before, phys, changes, netdev):
    """What is told of a port: rxe has no link_downed."""
    return [("rdmaPortName", "STRING: %s/1" % device), ("rdmaPortState", "INTEGER: " + state),
            ("rdmaPortPreviousState", "INTEGER: " + before), ("rdmaPortPhysState", "INTEGER: " + phys),
            ("rdmaPortStateChanges", "Counter32: %d" % changes),
            ("rdmaPortIfIndex", "INTEGER: " + vm.read("class/net/%s/ifindex" % netdev))]


def carries(trap, wanted, sentence):
    """A test point: the notification carries that, in that order."""
    tap.equal(list(trap.items()), wanted, sentence)


def await_damping():
    """So long the last notification of a port holds up the next."""
    time.sleep(DAMPING)


def test_promptness(receiver):
    """From the command's end to the line of snmptrapd; what a busy host adds is different each time."""
    took = []
    for wanted, name in (("down", "rdmaPortDown"), ("up", "rdmaPortUp")) * 2:
        await_damping()
        told = Told(receiver)
        vm.shell("ip link set veth0 " + wanted)
        begin = time.monotonic()
        told.of("STRING: rxe0/1", name)
        took.append(time.monotonic() - begin)
    tap.ok(min(took) < PROMPT, "the trap is there within %g s of the event" % PROMPT, took)
    tap.note("traps came after %s s" % ", ".join("%.3f" % seconds for seconds in took))


def test_ports(receiver):
    told = Told(receiver)
    vm.shell("ip link set veth0 down")
    carries(told.of("STRING: rxe0/1", "rdmaPortDown"),
            of_port("rxe0", "down(1)", "active(4)", "disabled(3)", 1, "veth0"), "a port that is set down is told")
    carries(told.of("STRING: rxe1/1", "rdmaPortDown"),
            of_port("rxe1", "down(1)", "active(4)", "polling(2)", 1, "veth1"), "and the one that lost its carrier by it")
    await_damping()
    vm.shell("ip link set veth0 up")
    for device, netdev in (("rxe0", "veth0"), ("rxe1", "veth1")):
        carries(told.of("STRING: %s/1" % device, "rdmaPortUp"),
                of_port(device, "active(4)", "down(1)", "linkUp(5)", 2, netdev), "%s is told when it is up again" % device)
    ports = [trap["rdmaPortName"] for trap in told.all() if "rdmaPortName" in trap]
    tap.equal(sorted(ports), ["STRING: rxe0/1"] * 2 + ["STRING: rxe1/1"] * 2, "each once")


def test_flap(receiver):
    """A look may fall between the two; then the port is told as down, and 5 s later as up."""
    await_damping()
    told = Told(receiver)
    vm.shell("""
        ip link set veth1 down
        ip link set veth1 up
        """)
    for device in ("rxe0", "rxe1"):
        def last():
            states = [trap["rdmaPortState"] for trap in told.all() if trap.get("rdmaPortName") == "STRING: %s/1" % device]
            return states[-1] if states else None
        settles(last, "INTEGER: active(4)", "a link that goes and returns at once is told of %s, at last as it is" % device)


def of_device(name, status="ok(1)"):
    return [("rdmaDeviceKernelName", "STRING: " + name), ("rdmaDeviceStatus", "INTEGER: " + status)]


def is_added(told, name, sentence):
    """A test point. A look may fall into the registration, and the kernel then keep it longer than --read-timeout: the
    device is told as what it is, stalled, and has to recover."""
    trap = told.of("STRING: " + name, "rdmaDeviceAdded")
    if list(trap.items()) == of_device(name, "stalled(4)"):
        tap.note("%s kept its first look waiting" % name)
        trap = told.of("STRING: " + name, "rdmaDeviceRecovered")
    carries(trap, of_device(name), sentence)


def test_devices(receiver):
    told = Told(receiver)
    seconds = vm.timed(vm.command, "rdma", "link", "del", "rxe1")
    carries(told.of("STRING: rxe1", "rdmaDeviceRemoved"), of_device("rxe1"), "a device that is deleted is told")
    tap.ok(seconds < vm.BLOCKED_FOR, "and rdma link del does not wait for us", "%.2f s" % seconds)
    vm.shell("rdma link add rxe1 type rxe netdev veth1")
    is_added(told, "rxe1", "so is one that is added")
    told = Told(receiver)
    vm.shell("rdma dev set rxe1 name rxe9")
    carries(told.of("STRING: rxe1", "rdmaDeviceRemoved"), of_device("rxe1"), "one with a new name is gone under the old")
    is_added(told, "rxe9", "and there under the new")


def test_quiet(client):
    """Looks that the 300 ms cause, at a port that has no speed."""
    vm.add_dummy("rxe5", "dummy0")
    wait_for(lambda: client.cell('rdmaPortState."rxe5".1') == "INTEGER: active(4)", "rxe5 is served")

    def looks(count):
        wanted = vm.number(client, "rdmaAgentRefreshes.0") + count
        wait_for(lambda: vm.number(client, "rdmaAgentRefreshes.0") >= wanted, "%d looks" % count)

    def complaints():
        return sum(COMPLAINT in line for line in vm.kernel_log())

    def is_at_rest():
        before = complaints()
        looks(3)
        return complaints() == before

    wait_for(is_at_rest, "a port that has just come is looked at no more than others")
    before = complaints()
    looks(10)
    tap.equal(complaints(), before, "watching a port without speed puts no line into the kernel's log")


def main(workspace):
    receiver = workspace.enter(traps.TrapReceiver(workspace))
    master = workspace.enter(Master(workspace, receiver.sink(traps.V2C)))
    for mode, options in MODES.items():
        tap.note("by " + mode)
        vm.add_pair()
        with Agent(workspace, master, "/sys", "--notifications", *UNHURRIED, *options) as agent:
            serving_whole(master)
            if mode == "events":
                vm.await_listening(agent, "rxe0", "rxe1")
            test_ports(receiver)
            test_flap(receiver)
            if mode == "looks":
                test_quiet(master.client())
            else:
                test_promptness(receiver)
            test_devices(receiver)
            tap.ok(agent.is_running(), "the subagent runs on")
        vm.remove_all()


if __name__ == "__main__":
    vm.run_test(main)
