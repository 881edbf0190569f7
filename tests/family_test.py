#!/usr/bin/env python3
"""Holds RDMA-AGENT-MIB: how the families fare is served beside what they serve, asks none of them, and is passed by where a
view leaves it out."""

import re

import snmp
import tap
from harness import UNHURRIED, Agent, Master, Tree, Workspace, serving_whole, settles
from trees import CLASS, fleet

OBJECTS = "RDMA-AGENT-MIB::rdmaAgentMIBObjects"
# What changes with each look: the words of a cell without its number.
MOVING = re.compile(r"^(rdmaFamily(?:Age|Looks|Look\w+|DiscontinuityTime)\S* = [A-Za-z0-9]+: ).*")
PASSED_WITHIN = 0.05    # s


def without_motion(lines):
    return [MOVING.sub(r"\1*", line) for line in lines]


def test_table(tree, master, agent):
    client = master.client()
    tap.equal(without_motion(client.walk(OBJECTS).lines), [
        "rdmaFamilyNumber.0 = Gauge32: 1", "rdmaFamilyNumberOn.0 = Gauge32: 1",
        "rdmaFamilyWorstStatus.0 = INTEGER: ok(1)", "rdmaFamilyWorstName.0 = STRING: port",
        'rdmaFamilyText."port" = STRING: port', 'rdmaFamilyStatus."port" = INTEGER: ok(1)',
        'rdmaFamilyReason."port" = STRING: serving 2 devices, 2 ports',
        'rdmaFamilyModule."port" = STRING: RDMA-PORT-MIB', 'rdmaFamilyInterval."port" = Gauge32: 100',
        'rdmaFamilyAge."port" = Gauge32: *', 'rdmaFamilyLooks."port" = Counter64: *',
        'rdmaFamilyFailures."port" = Counter64: 0'] + [
            'rdmaFamilyLook%s."port" = Gauge32: *' % name for name in ("Last", "P50", "P95", "P99", "Max")] + [
                'rdmaFamilyRows."port" = Gauge32: 4', 'rdmaFamilyNamesNotServed."port" = Gauge32: 0',
                'rdmaFamilyDiscontinuityTime."port" = Timeticks: *'], "the family of the ports has its row")
    tree.reset_counts()
    client.walk(OBJECTS)
    tap.equal(tree.count("."), (0, 0), "whoever asks how the families fare has nothing read")

    def reads_of_ports():
        client.walk("rdmaPortXmitData")
        return tree.count(".")[1] > 0
    settles(reads_of_ports, True, "and whoever asks for a port has, once the last look is old enough")
    last = client.walk("rdmaMIBObjects").lines[-1].partition(" = ")[0]
    tap.equal(client.getnext(last).lines, ["rdmaFamilyNumber.0 = Gauge32: 1"], "behind the ports' last cell it follows")
    tree.hang(CLASS + "mlx5_1")

    def fares():
        client.get("rdmaPortXmitData.\"mlx5_0\".1")
        return client.cells('rdmaFamilyStatus."port"', 'rdmaFamilyReason."port"', "rdmaFamilyWorstStatus.0")
    settles(lambda: list(fares().values()), ["INTEGER: stalled(4)", "STRING: 1 of 2 devices stalled: mlx5_1",
                                             "INTEGER: stalled(4)"], "a device that hangs shows, in words too")
    tree.release(CLASS + "mlx5_1")
    settles(lambda: list(fares().values())[0], "INTEGER: ok(1)", "and that it is back")
    described = [line for line in client.walk(".1.3.6.1.2.1.1.9.1.3").lines if "RDMA" in line]
    tap.equal([re.search(r"\((RDMA-\w+-MIB)\)", line).group(1) for line in described],
              ["RDMA-PORT-MIB", "RDMA-AGENT-MIB"], "sysORTable has a row for each module")
    tap.equal(agent.stop()[0], 0, "and the subagent ends with status 0")


def test_view(workspace, tree):
    root = snmp.print_oid(snmp.translate("RDMA-PORT-MIB::rdmaPortMIB", tree.root))
    master = workspace.enter(Master(workspace, """
com2sec narrow default narrow
group narrow v1 narrow
group narrow v2c narrow
view narrow included .1
view narrow excluded {0}.10.1
access narrow "" any noauth exact narrow none none
""".format(root)))
    workspace.enter(Agent(workspace, master, tree.root, *UNHURRIED))
    serving_whole(master)
    for version in ("1", "2c"):
        client = master.client(version, community="narrow")
        walked = client.walk("rdmaPortMIB").lines
        tap.ok(len(walked) > 20 and not any("rdmaFamily" in line for line in walked),
               "SNMPv%s: a view that excludes the module walks past it" % version, *walked[-3:])
        last = walked[-1].partition(" = ")[0]
        fastest = min(client.getnext(last).seconds - client.get(".1.3.6.1.2.1.1.3.0").seconds for _ in range(5))
        tap.ok(fastest < PASSED_WITHIN, "in less than 50 ms", "%.3f s" % fastest)


with tap.points():
    with Workspace() as place:
        served = place.enter(Tree(place, place.write("fleet.tree", fleet(2))))
        snmpd = place.enter(Master(place))
        subagent = place.enter(Agent(place, snmpd, served.root, "--cache-ttl", "100ms", *UNHURRIED))
        serving_whole(snmpd)
        test_table(served, snmpd, subagent)
    with Workspace() as place:
        test_view(place, place.enter(Tree(place, place.write("fleet.tree", fleet(2)))))
