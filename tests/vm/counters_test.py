#!/usr/bin/env python3
"""Holds that the walk is what a real kernel's files say, while they stand still and while real traffic moves them."""

import re

import vm
import expected_walk
import snmp
import tap
from harness import UNHURRIED, Agent, Master, serving_whole, settles, wait_for

COUNTER = re.compile(r'rdmaCounterValue\."(\w+)"\.(\d+)\."(\w+)" = Counter64: (\d+)')
TOLD = re.compile(r'(rdmaPort(?:Active|Max)Mtu\."\w+"\.1|rdmaDevice(?:Vendor|Part)Id\."\w+") = Gauge32: (.+)')
WALKS = 3


def start(workspace, master, *options):
    agent = workspace.enter(Agent(workspace, master, "/sys", "--cache-ttl", "0s", *UNHURRIED, *options))
    serving_whole(master)
    return agent


def told():
    """The cells that libibverbs tells, as ibv_devinfo knows them; rxe has no part number."""
    cells = {}
    for device in ("rxe0", "rxe1"):
        numbers = vm.devinfo(device)
        cells['rdmaPortActiveMtu."%s".1' % device] = str(numbers["active_mtu"])
        cells['rdmaPortMaxMtu."%s".1' % device] = str(numbers["max_mtu"])
        cells['rdmaDeviceVendorId."%s"' % device] = "%x" % numbers["vendor_id"]
        assert numbers["vendor_part_id"] == 0
    return cells


def walk(client):
    """Its lines, and the cells apart that no file has."""
    lines = client.bulkwalk().lines
    found = dict(match.groups() for match in map(TOLD.fullmatch, lines) if match)
    return snmp.normalise(line for line in lines if not TOLD.fullmatch(line)), found


def wanted_walk():
    return [line for _, line in expected_walk.walk(vm.Sysfs(), cache_max_age=0)]


def counters_of_kernel():
    """(device, port, file) -> value."""
    return {(device, str(port), file): value
            for device, port, _, file, value in expected_walk.readable_counters(vm.Sysfs())}


def test_rest(master):
    settles(lambda: walk(master.client())[0], wanted_walk(), "the walk of two idle ports is what the kernel's files say, line by line")
    lines, found = walk(master.client())
    tap.equal(found, told(), "vendor and MTUs are those that ibv_devinfo shows")
    tap.ok('rdmaPortState."rxe0".1 = INTEGER: active(4)' in lines and
           'rdmaPortNetdev."rxe1".1 = STRING: veth1' in lines and
           'rdmaPortGid."rxe0".1 = STRING: fe80:0000:0000:0000:0000:00ff:fe00:0010' in lines,
           "states, netdevs and GIDs are among them", *lines)


def read_between(client):
    """Each counter in a walk, with its file before and after: place -> (before, walked, after). None if a cell is missing:
    the traffic leaves little of an emulated processor, and a device may be late."""
    before = counters_of_kernel()
    lines = client.bulkwalk("rdmaCounterTable").lines
    after = counters_of_kernel()
    walked = {match.groups()[:3]: int(match[4]) for match in map(COUNTER.match, lines) if match}
    places = {place for place in before if place[2] != "lifespan"}
    return {place: (before[place], walked[place], after[place]) for place in places} if places <= set(walked) else None


def test_traffic(workspace, master):
    client, readings = master.client(), []
    with vm.Pingpong(workspace):
        for _ in range(WALKS):
            readings.append(wait_for(lambda: read_between(client), "a walk has all counters"))
    outside = ["%s: %s" % item for reading in readings for item in reading.items() if list(item[1]) != sorted(item[1])]
    tap.ok(not outside, "while traffic runs every counter of a walk lies between its file before and after it", *outside)
    moved = {place for place in readings[0] if readings[0][place][1] < readings[-1][place][1]}
    tap.ok({(device, "1", file) for device in ("rxe0", "rxe1") for file in ("sent_pkts", "rcvd_pkts")} <= moved,
           "and follows the traffic", moved)
    tap.note("packets of rxe0: %d" % vm.packets())
    # What was under way still arrives.
    wait_for(lambda: walk(client)[0] == wanted_walk(), "walk and files agree")
    tap.ok(True, "once it has ended, walk and files agree again")


def test_unprivileged(workspace, master, privileged):
    agent = start(workspace, master, "--user", "nobody")
    with open("/proc/%d/status" % agent.child.pid, encoding="ascii") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    tap.ok("0" not in status["Uid"].split() and int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0,
           "with --user it runs without root and without any capability", status)
    settles(lambda: walk(master.client()), privileged, "and walks as before")


def main(workspace):
    master = workspace.enter(Master(workspace))
    vm.add_pair()
    agent = start(workspace, master)
    test_rest(master)
    test_traffic(workspace, master)
    privileged = walk(master.client())
    agent.stop()
    test_unprivileged(workspace, master, privileged)


if __name__ == "__main__":
    vm.run_test(main)
