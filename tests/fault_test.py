#!/usr/bin/env python3
"""Holds that one bad file costs one cell, one bad port one row and one bad device its rows, and nothing ever more: errors,
delays and hangs are served for real by a file system."""

import re
import threading
import time

import ber
import schedule
import snmp
import tap
from harness import Agent, Master, Tree, Workspace, serving, serving_whole, wait_for
from snmp import values
from trees import CLASS, data_of, fleet, scenario

DEVICES = 64
WITHIN = 0.4    # s that any request may take


def start(workspace, tree_file, *options):
    tree = workspace.enter(Tree(workspace, tree_file))
    master = workspace.enter(Master(workspace))
    agent = workspace.enter(Agent(workspace, master, tree.root, *options))
    serving_whole(master)
    return tree, master.client(), agent


def poll_until(client, name, wanted, seconds=20):
    """Polls as a manager would until a cell has a value."""
    wait_for(lambda: client.cell(name) == wanted, "%s is %s" % (name, wanted), seconds)


def data(device):
    return 'rdmaPortXmitData."%s".1' % device


def seconds_for(client, oid, *processes):
    """How long a request takes by itself: the start of snmpget is not the subagent's, nor is the time for which these
    processes were ready and other work had the processors."""
    pids = [process.child.pid for process in processes]
    with ber.Client(client.port) as asker:
        begin, waited = time.monotonic(), schedule.delays(pids)
        asker.ask(ber.GET, [oid])
        return time.monotonic() - begin - schedule.growth(waited, schedule.delays(pids))


def test_hang(workspace):
    tree, client, agent = start(workspace, workspace.write("fleet.tree", fleet(DEVICES)), "--cache-ttl", "100ms")
    first = client.cells(data("mlx5_7"), data("mlx5_8"))
    tap.equal(list(first.values()), ["Counter64: 7001", "Counter64: 8001"], "64 devices are served")
    errors = int(client.cell("rdmaAgentScrapeErrors.0").split()[1])

    tree.hang(CLASS + "mlx5_7")
    slowest, wrong = 0.0, []
    oid = snmp.translate("RDMA-PORT-MIB::rdmaPortXmitData", client.directory) + (6, *b"mlx5_8", 1)
    for step in range(12):
        for number in (8, 63):
            tree.set("%smlx5_%d/ports/1/counters/port_xmit_data" % (CLASS, number), 777000 + step)
        time.sleep(0.12)    # older than the cache may be
        slowest = max(slowest, seconds_for(client, oid, agent, tree))
        got = client.cells(data("mlx5_7"), data("mlx5_8"), data("mlx5_63"), 'rdmaDeviceStatus."mlx5_7"',
                           'rdmaPortStatus."mlx5_7".1', 'rdmaPortName."mlx5_7".1', 'rdmaPortState."mlx5_7".1',
                           'rdmaCounterKind."mlx5_7".1."out_of_buffer"', 'rdmaDeviceNodeGuid."mlx5_7"')
        if list(got.values()) != ["noSuchInstance", "Counter64: %d" % (777000 + step), "Counter64: %d" % (777000 + step),
                                  "INTEGER: stalled(4)", "INTEGER: stalled(4)", "STRING: mlx5_7/1", "noSuchInstance",
                                  "INTEGER: counter(1)", "STRING: a088:c203:00aa:1100"]:
            wrong.append(dict(got))
    tap.ok(slowest < WITHIN, "with one of 64 hung every request is answered within 400 ms, the first included",
           "slowest %.3f s" % slowest)
    tap.note("slowest answer: %.0f ms" % (1000 * slowest))
    tap.ok(not wrong, "the hung one keeps its names and loses its values, and the others are fresh", *wrong[:3])
    state = client.cells("rdmaAgentHealth.0", "rdmaAgentStalledDevices.0", "rdmaAgentDevices.0")
    tap.equal(list(state.values()), ["INTEGER: degraded(2)", "Gauge32: 1", "Gauge32: 64"], "the agent says so of itself")
    tap.ok(int(client.cell("rdmaAgentScrapeErrors.0").split()[1]) > errors, "and counts it as an error")
    tap.equal(len(re.findall("device stalled", agent.log())), 1, "and has logged it once")

    tree.release(CLASS + "mlx5_7")
    poll_until(client, data("mlx5_7"), "Counter64: 7001")
    tap.equal(client.cell('rdmaDeviceStatus."mlx5_7"'), "INTEGER: ok(1)", "released, it is whole again")
    wait_for(lambda: client.cell("rdmaAgentHealth.0") and "device recovered" in agent.log(), "recovery is announced")
    tap.equal(len(re.findall("device recovered", agent.log())), 1, "its recovery is logged once")

    tree.hang(CLASS + "mlx5_9")
    poll_until(client, 'rdmaDeviceStatus."mlx5_9"', "INTEGER: stalled(4)")
    begin = time.monotonic()
    agent.child.terminate()
    wait_for(lambda: client.cell("rdmaAgentHealth.0") == "noSuchObject", "the session is closed")
    tap.ok(time.monotonic() - begin < 1, "SIGTERM during a hang closes the session within 1 s")
    tree.release(CLASS + "mlx5_9")
    tap.equal(agent.child.wait(10), 0, "and the process ends with status 0")


def test_hang_at_start(workspace):
    tree = workspace.enter(Tree(workspace, scenario("cx6dx-roce-vf")))
    master = workspace.enter(Master(workspace))
    tree.hang(CLASS + "rocep65s0f1")
    workspace.enter(Agent(workspace, master, tree.root, "--cache-ttl", "100ms"))
    serving(master)
    client = master.client()
    got = client.cells('rdmaDeviceStatus."rocep65s0f1"', 'rdmaDeviceStatus."rocep65s0f0"', data("rocep65s0f0"))
    tap.equal(list(got.values())[:2], ["INTEGER: stalled(4)", "INTEGER: ok(1)"],
              "a device that hangs at its first read is there, as stalled, beside those that are well")
    tree.release(CLASS + "rocep65s0f1")
    poll_until(client, 'rdmaDeviceStatus."rocep65s0f1"', "INTEGER: ok(1)")
    tap.ok(True, "and is served once it answers")


def test_errors(workspace):
    tree, client, agent = start(workspace, scenario("cx7-infiniband"), "--cache-ttl", "0s")
    port = CLASS + "mlx5_0/ports/1/"
    healthy = values(client.walk().lines)
    volatile = re.compile("rdmaAgent|Timeticks|rdmaPortStatus|rdmaDeviceStatus")
    for path, cells in (("counters/symbol_error", ["rdmaPortSymbolError"]),
                        ("counters/port_xmit_data", ["rdmaPortXmitData", "rdmaPortXmitOctets"]),
                        ("hw_counters/out_of_buffer", ["rdmaHwOutOfBuffer", 'rdmaCounterValue."out_of_buffer"']),
                        ("state", ["rdmaPortState", "rdmaPortStateText"]),
                        ("phys_state", ["rdmaPortPhysState", "rdmaPortPhysStateText"])):
        for error in ("EIO", "ENODEV", "ETIMEDOUT", "EINVAL", "EOPNOTSUPP", "EACCES", "ENOENT"):
            if error in ("EACCES", "ENOENT"):
                tree.readd(CLASS + "mlx5_0")    # or it would still be open
                tree.fail_open(port + path, error)
            else:
                tree.fail(port + path, error)
            now = values(client.walk().lines)
            lost = {re.sub(r'"mlx5_0"\.1\.?', "", name).rstrip(".") for name in set(healthy) - set(now)
                    if not volatile.search(name + healthy[name])}
            changed = [name for name in now if name in healthy and now[name] != healthy[name]
                       and not volatile.search(name + now[name])]
            status = now['rdmaPortStatus."mlx5_0".1']
            tree.fail(port + path, 0)
            tree.fail_open(port + path, 0)
            # An attribute that does not exist is no failure of the port: many drivers lack some.
            wanted = "INTEGER: ok(1)" if error == "ENOENT" and "counters" not in path else "INTEGER: partial(2)"
            tap.ok(lost == set(cells) and not changed and status == wanted,
                   "%s of %s costs that cell and no other" % (error, path), lost, changed, status)
            tree.readd(CLASS + "mlx5_0")        # forgets refusals
            wait_for(lambda: client.cell('rdmaPortStatus."mlx5_0".1') == "INTEGER: ok(1)", "all is well again")
    tap.ok(agent.is_running(), "the subagent runs on")


def test_firmware_reset(workspace):
    tree, client, _ = start(workspace, scenario("cx7-infiniband"), "--cache-ttl", "0s")
    tree.fail(CLASS + "mlx5_0/ports/1/counters", "EINVAL")
    poll_until(client, 'rdmaPortXmitData."mlx5_0".1', "noSuchInstance")
    for _ in range(5):
        client.get("rdmaAgentHealth.0")
    tree.reset_counts()
    client.get("rdmaAgentHealth.0")
    opens = tree.count(CLASS + "mlx5_0/ports/1/counters")[1]
    tap.equal(opens, 1, "while all counters refuse, one of them is asked at each refresh")
    tree.fail(CLASS + "mlx5_0/ports/1/counters", 0)
    got = client.cells('rdmaPortXmitData."mlx5_0".1', 'rdmaPortStatus."mlx5_0".1')
    tap.equal(list(got.values()), ["Counter64: 230442669431839", "INTEGER: ok(1)"],
              "when the reset is over all counters are back with the next refresh")


def settle(tree, client, port):
    """Waits until an Ethernet port is no longer asked: it is for 2 s after its network interface has moved."""
    def is_left_alone():
        reads = tree.count(port + "state")
        client.get("rdmaAgentHealth.0")
        return tree.count(port + "state") == reads
    wait_for(is_left_alone, "the port has settled")


def test_refusals(workspace):
    tree, client, _ = start(workspace, scenario("cx6dx-roce-vf"), "--cache-ttl", "0s")
    port = CLASS + "rocep65s0f0/ports/1/"
    settle(tree, client, port)
    tree.reset_counts()
    for _ in range(10):
        client.get("rdmaAgentHealth.0")
    counters = CLASS + "rocep65s0f0v0/ports/1/counters/"
    tap.equal(tree.count(counters + "symbol_error"), (0, 0), "a file that refused is not asked again")
    reads = tree.count(counters + "port_xmit_data")[1]
    tap.equal(reads, 10, "its neighbour is read once for each refresh")
    tap.equal([tree.count(port + name)[1] for name in ("state", "phys_state", "rate", "lid", "cap_mask")], [0] * 5,
              "an Ethernet port whose netdev stands still is not asked for its state and its attributes")
    netdev = "class/net/enp65s0f0np0/"
    tree.set(netdev + "carrier_changes", 7)
    client.get("rdmaAgentHealth.0")
    tap.equal([tree.count(port + name)[1] for name in ("state", "phys_state")], [1, 1], "and is asked when it moved")
    settle(tree, client, port)
    tap.ok(True, "until it has settled")
    tap.equal(tree.count(CLASS + "rocep65s0f0/ports/1/gids/1"), (0, 0), "the GID table is not walked")


def test_idle_and_excluded(workspace):
    tree = workspace.enter(Tree(workspace, scenario("cx6dx-roce-vf")))
    master = workspace.enter(Master(workspace))
    tree.reset_counts()
    agent = workspace.enter(Agent(workspace, master, tree.root, "--exclude-devices", "*v[0-9]*"))
    serving(master)
    lines = master.client().walk("rdmaDeviceKernelName").lines
    tap.ok(len(lines) == 2 and "v0" not in str(lines), "an excluded device is not served", *lines)
    tap.equal(tree.count(CLASS + "rocep65s0f0v0/ports"), (0, 0), "and none of its files is ever opened")
    wait_for(lambda: len(re.findall("serving", agent.log())) == 1, "it has read the devices once")
    time.sleep(1.1)     # whatever was under way has ended, and the cache is too old to use
    tree.reset_counts()
    time.sleep(3)       # the time in which nothing must happen
    tap.equal(tree.count("."), (0, 0), "nobody asking, nothing is read")


def test_change_between_requests(workspace):
    tree, client, _ = start(workspace, scenario("cx7-infiniband"), "--cache-ttl", "0s")
    path = CLASS + "mlx5_0/ports/1/"
    wrong = []
    for number in (1, 2 ** 32, 2 ** 53 + 1, 2 ** 64 - 1, 5):
        tree.set(path + "counters/port_xmit_packets", number)
        if client.cell('rdmaPortXmitPackets."mlx5_0".1') != "Counter64: %d" % number:
            wrong.append(number)
    tap.ok(not wrong, "each request sees the value of its moment", wrong)
    tree.set(path + "state", "1: DOWN")
    tree.set(path + "phys_state", "3: Disabled")
    got = client.cells('rdmaPortState."mlx5_0".1', 'rdmaPortPreviousState."mlx5_0".1', 'rdmaPortStateChanges."mlx5_0".1',
              'rdmaPortLinkSpeed."mlx5_0".1')
    tap.equal(list(got.values()), ["INTEGER: down(1)", "INTEGER: active(4)", "Counter32: 1", "noSuchInstance"],
              "a port that went down says what it was before, and has no speed")
    before = client.cell('rdmaPortHwCounterDiscontinuityTime."mlx5_0".1')
    time.sleep(0.02)    # a hundredth of a second, or the time stamps could not differ
    tree.set(path + "counters/port_rcv_packets", 3)
    got = client.cells('rdmaPortCounterDiscontinuityTime."mlx5_0".1', 'rdmaPortHwCounterDiscontinuityTime."mlx5_0".1')
    tap.ok(list(got.values())[0] != before and list(got.values())[1] == before,
           "a counter that falls is a discontinuity of its own table only", got, before)


def test_hot_plug(workspace):
    """Devices come, go and change names under walks that never stop."""
    tree, client, agent = start(workspace, workspace.write("fleet.tree", fleet(8)), "--cache-ttl", "0s")
    wrong, walks, stop = [], [0], threading.Event()

    def walk():
        while not stop.is_set():
            for name, value in values(client.bulkwalk("rdmaPortXmitData").lines).items():
                number = int(re.search(r'mlx5_(\d+)', name).group(1))
                if value != "Counter64: %d" % data_of(number):
                    wrong.append((name, value))
            walks[0] += 1

    walker = threading.Thread(target=walk)
    walker.start()
    for step in range(30):
        device = CLASS + "mlx5_%d" % (step % 8)
        tree.readd(device)
        begin = walks[0]
        wait_for(lambda: walks[0] > begin, "a walk ends")
    stop.set()
    walker.join()
    tap.ok(not wrong and walks[0] >= 30, "walks during 30 removals and returns show no device's numbers for another's",
           "%d walks" % walks[0], *wrong[:5])
    tree.remove(CLASS + "mlx5_3")
    tap.equal(client.cell(data("mlx5_3")), "noSuchInstance", "a device that is removed is gone with the next request")
    tree.rename(CLASS + "mlx5_4", CLASS + "rocep1s0f0")
    got = client.cells(data("mlx5_4"), data("rocep1s0f0"))
    tap.equal(list(got.values()), ["noSuchInstance", "Counter64: 4001"], "one that is renamed has its new name at once")
    tree.rename(CLASS + "mlx5_5", CLASS + "other")
    tree.rename(CLASS + "mlx5_6", CLASS + "mlx5_5")
    tree.rename(CLASS + "other", CLASS + "mlx5_6")
    got = client.cells(data("mlx5_5"), data("mlx5_6"))
    tap.equal(list(got.values()), ["Counter64: 6001", "Counter64: 5001"], "two that swap names have each other's numbers")
    tap.ok(agent.is_running(), "the subagent runs on")


with tap.points():
    for test in (test_hang, test_hang_at_start, test_errors, test_firmware_reset, test_refusals, test_idle_and_excluded,
                 test_change_between_requests, test_hot_plug):
        with Workspace() as place:
            test(place)
