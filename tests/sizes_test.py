#!/usr/bin/env python3
"""Holds hosts of every size: no device and a thousand, a thousand ports on one, hundreds of counters, names of one and of
63 characters, and numbers up to their last bit. What must be served is counted from the tree that was made up here."""

import os
import re

import snmp
import tap
from harness import UNHURRIED, Agent, Master, Tree, Workspace, serving, serving_whole, wait_for
from snmp import values
from trees import CLASS, recorded, slim, slim_name

# LeakSanitizer stops 1,024 threads one after the other before it looks for leaks, which takes it seconds.
os.environ["ASAN_OPTIONS"] = "detect_leaks=0"

MANY = "maxGetbulkResponses 5000"
TTL = ["--cache-ttl", "2s"]
NUMBERS = 0, 1, 2**32 - 1, 2**32, 2**53 + 1, 2**63, 2**64 - 1


def start(workspace, tree_text, *options):
    tree = workspace.enter(Tree(workspace, workspace.write("tree", tree_text), plain=True))
    master = workspace.enter(Master(workspace, MANY))
    agent = workspace.enter(Agent(workspace, master, tree.root, *TTL, *UNHURRIED, *options))
    serving(master)
    return tree, master, agent


def column(client, name):
    """Name -> value of what a walk finds; it prints a line even where there is nothing."""
    got = values(client.bulkwalk(name, repetitions=50).lines)
    return {name: value for name, value in got.items() if not value.startswith("noSuch")}


def number_of(client, name):
    return int(client.cell(name).split()[1])


def ends_well(agent):
    status, seconds = agent.stop()
    # That a busy host had no time for so much in the first reading is told, and rightly.
    complaints = [line for line in re.findall("level=(?:error|warn).*", agent.log())
                  if not re.search("not read in|stalled", line)]
    tap.ok(status == 0 and seconds < 2 and not complaints, "and ends with status 0, without a complaint", status, seconds,
           *complaints[:3])


def test_devices(workspace, count):
    _, master, agent = start(workspace, slim(count) if count else "class/infiniband/ = (directory)\n")
    client = master.client()
    wanted = {'rdmaPortXmitData."%s".1' % slim_name(number) for number in range(count)}
    wait_for(lambda: len(column(client, "rdmaPortXmitData")) == count, "%d devices are read" % count)
    got = column(client, "rdmaPortXmitData")
    tap.ok(set(got) == wanted and set(got.values()) <= {"Counter64: 1"}, "%d devices are served" % count, len(got))
    state = client.cells("rdmaAgentDevices.0", "rdmaAgentPorts.0", "rdmaAgentStalledDevices.0", "rdmaAgentHealth.0")
    tap.equal(list(state.values()), ["Gauge32: %d" % count] * 2 + ["Gauge32: 0", "INTEGER: ok(1)"], "and counted")
    tap.note("last refresh: %s" % client.cell("rdmaAgentRefreshLast.0"))
    ends_well(agent)


def test_ports(workspace):
    ports = 1024
    _, master, agent = start(workspace, slim(1, ports))
    client = master.client()
    wait_for(lambda: len(column(client, "rdmaPortXmitData")) == ports, "%d ports are read" % ports)
    names = list(column(client, "rdmaPortXmitData"))
    tap.equal(names, ['rdmaPortXmitData."%s".%d' % (slim_name(0), port) for port in range(1, ports + 1)],
              "one device with 1,024 ports is served whole and in the order of their numbers")
    tap.equal(number_of(client, 'rdmaDevicePorts."%s"' % slim_name(0)), ports, "and their number told")
    ends_well(agent)


def test_counters(workspace):
    """As many as hfi1 has, whose files have names with capitals and blanks."""
    count = 763
    port = CLASS + "hfi1_0/ports/1/"
    name = lambda number: "Pio Counter%d" % number if number % 2 else "cntr_%d" % number
    lines = [CLASS + "hfi1_0/node_type = 1: CA", port + "state = 4: ACTIVE", port + "phys_state = 5: LinkUp",
             port + "link_layer = InfiniBand"]
    lines += ["%shw_counters/%s = %d" % (port, name(number), number) for number in range(count)]
    _, master, agent = start(workspace, "\n".join(lines) + "\n")
    client = master.client()
    got = column(client, "rdmaCounterValue")
    tap.equal(dict(got), {'rdmaCounterValue."hfi1_0".1."%s"' % name(number): "Counter64: %d" % number
                          for number in range(count)}, "763 counters of one port are served, each with its own value")
    short_first = sorted((name(number) for number in range(count)), key=lambda text: (len(text), text))
    tap.equal(list(got), ['rdmaCounterValue."hfi1_0".1."%s"' % text for text in short_first],
              "in the order of SNMP: shorter names first")
    ends_well(agent)


def test_names(workspace):
    """Served in the order of SNMP, each with its own numbers; 64 characters are one too many for an index."""
    names = ["a", "z", "aa", "b" * 62, "c" * 63, "mlx5_10", "mlx5_9", "MLX5_9", "x.y-z_0"]
    lines = [line.replace("mlx5_0", name) for name in names + ["d" * 64] for line in recorded()]
    lines += ["%s%s/ports/1/counters/port_xmit_data = %d\n" % (CLASS, name, 100 + at) for at, name in enumerate(names)]
    _, master, agent = start(workspace, "".join(lines))
    client = master.client()
    wanted = [('rdmaPortXmitData."%s".1' % name, "Counter64: %d" % (100 + names.index(name)))
              for name in sorted(names, key=lambda text: (len(text), text))]
    wait_for(lambda: len(column(client, "rdmaPortXmitData")) == len(names), "all are read")
    tap.equal(list(column(client, "rdmaPortXmitData").items()), wanted,
              "names of 1 to 63 characters are served with their own numbers, shorter ones first")
    tap.equal(client.cell('rdmaPortXmitData."%s".1' % ("c" * 63)), wanted[-1][1], "and so by GET")
    tap.equal(number_of(client, "rdmaAgentNamesNotServed.0"), 1, "one of 64 is counted")
    tap.equal(len(re.findall("level=warn.*" + "d" * 20, agent.log())), 1, "and named once in the log")
    tap.equal(agent.stop()[0], 0, "the subagent ends with status 0")


def test_numbers(workspace):
    """Each number on its way from the file to the manager; then the next one."""
    tree = workspace.enter(Tree(workspace, workspace.write("tree", "".join(recorded()))))
    master = workspace.enter(Master(workspace))
    workspace.enter(Agent(workspace, master, tree.root, "--cache-ttl", "0s"))
    serving_whole(master)
    client, wrong = master.client(), []
    port = CLASS + "mlx5_0/ports/1/"
    cells = {port + "counters/port_xmit_data": ['rdmaPortXmitData."mlx5_0".1'],
             port + "hw_counters/out_of_buffer": ['rdmaHwOutOfBuffer."mlx5_0".1',
                                                  'rdmaCounterValue."mlx5_0".1."out_of_buffer"']}
    for number in NUMBERS + tuple(reversed(NUMBERS)):       # rising, and falling
        for path in cells:
            tree.set(path, number)
        for path, names in cells.items():
            for name, value in client.cells(*names).items():
                if value.split()[:2] != ["Counter64:", str(number)]:
                    wrong.append((name, value, number))
    tap.ok(not wrong, "0, 1, 2^32-1, 2^32, 2^53+1, 2^63 and 2^64-1 arrive as they are, rising and falling", *wrong)
    octets = client.cell('rdmaPortXmitOctets."mlx5_0".1')
    tree.set(port + "counters/port_xmit_data", 2**62 + 5)
    tap.equal([octets.split()[1], client.cell('rdmaPortXmitOctets."mlx5_0".1').split()[1]], ["0", "20"],
              "octets are four times as many, modulo 2^64")
    for text in ("N/A (no PMA)", "18446744073709551616", "-1", ""):
        tree.set(port + "counters/port_xmit_data", text)
        if client.cell('rdmaPortXmitData."mlx5_0".1') != "noSuchInstance":
            wrong.append(text)
    tap.ok(not wrong, "what is no number is no value", *wrong)
    tree.set(port + "counters/symbol_error", 65535)
    tree.set(port + "counters/port_xmit_data", 7)
    tap.ok(client.cell('rdmaPortSaturatedCounters."mlx5_0".1').startswith("Gauge32: 2") and
           client.cell('rdmaPortXmitData."mlx5_0".1') == "Counter64: 7",
           "one at its limit is told as saturated, and a number after none is a value again",
           client.cell('rdmaPortSaturatedCounters."mlx5_0".1'))


with tap.points():
    for number_of_devices in (0, 1, 64, 1024):
        with Workspace() as place:
            test_devices(place, number_of_devices)
    for test in (test_ports, test_counters, test_names, test_numbers):
        with Workspace() as place:
            test(place)
