#!/usr/bin/env python3
"""Holds what slow and hung reads cost: a slow device is served, one at the edge of its time is not announced again and
again, and one that hangs, at whatever file and moment, costs itself only."""

import re
import time

import tap
from harness import Agent, Master, Tree, Workspace, serving, serving_whole, wait_for
from snmp import values
from trees import CLASS, data_of, fleet, scenario

DEVICES = 4
SLOW = "mlx5_1"
PORT = CLASS + SLOW + "/ports/1/"
STALLED, OK = "INTEGER: stalled(4)", "INTEGER: ok(1)"


def data(device):
    return 'rdmaPortXmitData."%s".1' % device


def all_data(client):
    """What all devices have, by number; None for one without a value."""
    got = client.cells(*(data("mlx5_%d" % number) for number in range(DEVICES)))
    return [int(value.split()[1]) if value.startswith("Counter64") else None for value in got.values()], got.seconds


def start(workspace):
    tree = workspace.enter(Tree(workspace, workspace.write("fleet.tree", fleet(DEVICES))))
    master = workspace.enter(Master(workspace))
    agent = workspace.enter(Agent(workspace, master, tree.root, "--cache-ttl", "0s"))
    serving_whole(master)
    return tree, master.client(), agent


def lines_of(agent, what):
    return len(re.findall("device " + what, agent.log()))


def look(tree, client, version):
    """Gives every device a new value and asks for all: those that have the new one, and how long that took."""
    for number in range(DEVICES):
        tree.set("%smlx5_%d/ports/1/counters/port_xmit_data" % (CLASS, number), data_of(number) + version)
    got, seconds = all_data(client)
    for number, value in enumerate(got):
        if value not in (None, data_of(number) + version):
            raise AssertionError("mlx5_%d has %s, not %d or nothing" % (number, value, data_of(number) + version))
    return [number for number, value in enumerate(got) if value is not None], seconds


def test_slow_reads(workspace):
    """One file of a device takes long: a counter, so that all behind it wait."""
    tree, client, agent = start(workspace)
    everyone = list(range(DEVICES))
    for delay in (5, 50, 240, 260, 300):
        tree.delay(PORT + "counters/symbol_error", delay)
        before, looks = lines_of(agent, "stalled"), []

        def is_served():
            looks.append(look(tree, client, 10 * delay + len(looks) % 10))
            return len(looks) > 3 and looks[-1][0] == everyone
        wait_for(is_served, "a device with a read of %d ms is served" % delay, 5)
        looks += [look(tree, client, step) for step in range(5)]
        tap.ok(all(set(everyone) - {1} <= set(seen) for seen, _ in looks),
               "while a read takes %d ms the other devices are fresh in each answer" % delay, *looks)
        tap.equal([seen for seen, _ in looks[-5:]], [everyone] * 5, "and so is the device once that is known")
        tap.ok(lines_of(agent, "stalled") - before <= 1, "and announced as stalled once at most", agent.log()[-500:])
        tree.delay(PORT + "counters/symbol_error", 0)
        wait_for(lambda: client.cell('rdmaDeviceStatus."%s"' % SLOW) == OK, "all is well again")


def test_swinging_reads(workspace):
    """At the edge of --read-timeout, now on this side of it and now on that."""
    tree, client, agent = start(workspace)
    unserved = 0
    for step in range(24):
        tree.delay(PORT + "counters/symbol_error", 240 if step % 2 else 260)
        seen, _ = look(tree, client, step)
        unserved += 1 not in seen and step >= 4
    stalled, recovered = lines_of(agent, "stalled"), lines_of(agent, "recovered")
    tap.ok(stalled <= 1 and recovered <= 1, "a device that takes 240 and 260 ms in turn is not announced again and again",
           "%d times stalled, %d times recovered" % (stalled, recovered))
    tap.equal(unserved, 0, "and is in each answer once its slowness is known")


def test_all_hang(workspace):
    tree, client, agent = start(workspace)
    for number in range(DEVICES):
        tree.hang("%smlx5_%d" % (CLASS, number))
    slowest = 0.0
    for _ in range(6):
        got, seconds = all_data(client)
        slowest = max(slowest, seconds)
    tap.ok(got == [None] * DEVICES and slowest < 1, "with all devices hung every answer comes within 1 s, without values",
           got, "slowest %.2f s" % slowest)
    state = client.cells("rdmaAgentStalledDevices.0", "rdmaAgentDevices.0", "rdmaAgentHealth.0",
                         *('rdmaDeviceStatus."mlx5_%d"' % number for number in range(DEVICES)))
    tap.equal(list(state.values()), ["Gauge32: 4", "Gauge32: 4", "INTEGER: degraded(2)"] + [STALLED] * DEVICES,
              "and says that all are stalled")
    for number in range(DEVICES):
        tree.release("%smlx5_%d" % (CLASS, number))
    wait_for(lambda: all_data(client)[0] == [data_of(number) for number in range(DEVICES)], "all values are back")
    wait_for(lambda: client.cell("rdmaAgentHealth.0") == OK and lines_of(agent, "recovered") >= DEVICES, "all is well")
    tap.equal([lines_of(agent, "stalled"), lines_of(agent, "recovered")], [DEVICES, DEVICES],
              "and each was announced once as stalled and once as recovered")


def test_each_file_hangs(workspace):
    """One file of each kind; what was read before it is not needed: the device is stalled, and whole afterwards."""
    tree, client, agent = start(workspace)
    wrong, hung = [], 0
    for path in ("counters/port_xmit_data", "counters/port_rcv_packets", "hw_counters/rx_write_requests",
                 "hw_counters/out_of_buffer", "state", "phys_state"):
        tree.hang(PORT + path)
        for version in (1, 2, 3):
            seen, seconds = look(tree, client, version)
            if not {0, 2, 3} <= set(seen) or seconds > 1:
                wrong.append((path, seen, seconds))
        status = client.cell('rdmaDeviceStatus."%s"' % SLOW)
        if status != STALLED:
            wrong.append((path, status))
        tree.release(PORT + path)
        hung += 1   # a device that hangs again before it is said to have recovered is asked ever more seldom
        wait_for(lambda: client.cell('rdmaDeviceStatus."%s"' % SLOW) == OK and lines_of(agent, "recovered") == hung,
                 "the device is whole after " + path)
    tap.ok(not wrong, "whichever file hangs, its device is stalled, the others fresh, and it comes back by itself", *wrong)
    tap.ok(agent.is_running(), "the subagent runs on")


def test_removed_while_hung(workspace):
    """The read ends with ENODEV when the kernel gives up the device."""
    tree, client, agent = start(workspace)
    tree.hang(CLASS + SLOW)
    wait_for(lambda: client.cell('rdmaDeviceStatus."%s"' % SLOW) == STALLED, "it is stalled")
    tree.rename(CLASS + SLOW, "away")
    tap.equal(client.cell('rdmaDeviceStatus."%s"' % SLOW), "noSuchInstance",
              "a device that is removed while it hangs is gone with the next answer")
    tree.release("away", "ENODEV")
    tree.rename("away", CLASS + SLOW)
    wait_for(lambda: client.cell(data(SLOW)) == "Counter64: %d" % data_of(1), "it is served again")
    tap.ok(lines_of(agent, "removed") == 1 and lines_of(agent, "recovered") == 0,
           "and one that returns is another one: it has not recovered", agent.log()[-600:])


def test_gone_in_between(workspace):
    """Removed after it was listed: before its directory is opened, before a file is, before one is read."""
    tree = workspace.enter(Tree(workspace, scenario("cx7-infiniband")))
    master = workspace.enter(Master(workspace))
    agent = workspace.enter(Agent(workspace, master, tree.root, "--cache-ttl", "0s"))
    serving_whole(master)
    client = master.client()
    device = CLASS + "mlx5_0"
    for what, fault in (("before its directory is opened", lambda error: tree.fail_open(device, error)),
                        ("before its files are read", lambda error: tree.fail(device, error))):
        tree.readd(device)
        fault("ENODEV")
        lost = values(client.walk("rdmaPortXmitData").lines)
        tree.rename(device, "away")
        gone = client.cell('rdmaDeviceStatus."mlx5_0"')
        tree.rename("away", device)
        fault(0)
        wait_for(lambda: client.cell(data("mlx5_0")) == "Counter64: 230442669431839", "it is served again")
        tap.ok("Counter64" not in str(lost) and gone == "noSuchInstance",
               "a device that goes %s has no values, and then no row" % what, lost, gone)
    tap.equal(re.findall("level=error.*", agent.log()), [], "which is no error")


def test_hang_at_start(workspace):
    tree = workspace.enter(Tree(workspace, workspace.write("fleet.tree", fleet(DEVICES))))
    master = workspace.enter(Master(workspace))
    for number in range(DEVICES):
        tree.hang("%smlx5_%d" % (CLASS, number))
    agent = workspace.enter(Agent(workspace, master, tree.root, "--cache-ttl", "0s"))
    begin = time.monotonic()
    serving(master)
    seconds = time.monotonic() - begin
    client = master.client()
    tap.equal([client.cell('rdmaDeviceStatus."mlx5_%d"' % number) for number in range(DEVICES)], [STALLED] * DEVICES,
              "devices that all hang at the very first read are there, as stalled")
    tap.note("first answer after %.2f s" % seconds)
    for number in range(DEVICES):
        tree.release("%smlx5_%d" % (CLASS, number))
    wait_for(lambda: all_data(client)[0] == [data_of(number) for number in range(DEVICES)], "all are served")
    tap.equal(agent.stop()[0], 0, "and are served when they answer; the subagent ends with status 0")


with tap.points():
    for test in (test_slow_reads, test_swinging_reads, test_all_hang, test_each_file_hangs, test_removed_while_hung,
                 test_gone_in_between, test_hang_at_start):
        with Workspace() as place:
            test(place)
