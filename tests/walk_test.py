#!/usr/bin/env python3
"""Holds the walk of every testdata/<scenario>: through a real snmpd it is walk.txt, line by line.

Two statements that do not come from that file stand beside it: the walk that expected_walk.py
derives from the tree, and a plain count of the tree's counter files, each of which is in the walk with
its value if it can be read, and is not there if it cannot.
"""

import glob
import os
import re
import time

import expected_walk
import snmp
import tap
from expected_objects import OBJECTS, PMA
from expected_rows import GAUGES
from harness import SOURCE, UNHURRIED, Agent, Master, Tree, Workspace, serving_whole
from sysfs_tree import read_tree
from sysfs_values import MAX32

NAMED = ("rdmaCounterValue", "rdmaCounterLevel", "rdmaDeviceCounterValue", "rdmaDeviceCounterLevel")
OCTETS = ("rdmaPortXmitOctets", "rdmaPortRcvOctets")    # derived: no file holds them


def read_lines(path):
    with open(path, encoding="utf-8") as lines:
        return lines.read().splitlines()


def column_of(file):
    """The column of rdmaPortCounterTable that is named after a file of counters/."""
    return "rdmaPort" + "".join(word[0].upper() + word[1:] for word in file.removeprefix("port_").split("_"))


def counters_of_tree(tree):
    """One "device port directory file = value" for each file that gives a value."""
    return sorted("%s %s %s %s = %d" % (device, port, directory, column_of(file) if directory == "counters" else file,
                                        value)
                  for device, port, directory, file, value in expected_walk.readable_counters(tree)
                  if value is not None)


def counters_of_walk(lines, columns):
    """The same lines, read off a walk. columns: the names of rdmaPortCounterTable's columns."""
    found = []
    for name, value in snmp.values(lines).items():
        column, _, index = name.partition(".")
        if column not in NAMED and column not in columns:
            continue
        device, port, file = re.fullmatch(r'"(.*?)"(?:\.(\d+))?(?:\."(.*)")?', index).groups()
        directory = "hw_counters" if column in NAMED else "counters"
        found.append("%s %s %s %s = %s" % (device, port, directory, file if column in NAMED else column,
                                           value.partition(": ")[2]))
    return sorted(found)


def clamp(lines):
    """A gauge ends at 2^32-1, whatever its file says."""
    gauges = GAUGES + ["lifespan"]

    def is_gauge(name):
        return name in gauges or name.startswith("watermark_")

    clamped = []
    for line in lines:
        place, _, value = line.rpartition(" = ")
        if is_gauge(place.split(" ", 3)[3]):
            value = str(min(int(value), MAX32))
        clamped.append("%s = %s" % (place, value))
    return sorted(clamped)


def walk_both_ways(workspace, master, root):
    """The walk with the short cut, what is complained of, and the normalised walk without it."""
    answers, complaints = [], []
    for use in ("on", "off"):
        with Agent(workspace, master, root, *UNHURRIED, "--shortcut", use) as agent:
            serving_whole(master)
            answers.append(master.client().walk())
            status, _ = agent.stop()
        if answers[-1].error or status != 0:
            complaints += [answers[-1].error, agent.log()]
    return answers[0], complaints, snmp.normalise(answers[1].lines)


def test_scenario(workspace, master, directory):
    scenario, file = os.path.basename(directory), os.path.join(directory, "sysfs.tree")
    tree = read_tree(file)
    with Tree(workspace, file, faults=False) as sysfs:
        answer, complaints, normal = walk_both_ways(workspace, master, sysfs.root)
    walk = snmp.normalise(answer.lines)
    tap.equal(walk, read_lines(os.path.join(directory, "walk.txt")), "%s gives its walk.txt" % scenario)
    tap.equal(walk, [line for _, line in expected_walk.walk(tree)],
              "%s gives the walk that its tree demands" % scenario)
    tap.equal(normal, walk, "%s gives the same without the short cut" % scenario)
    columns = {name for name, table, *_ in OBJECTS if table == PMA} - set(OCTETS)
    counters = counters_of_tree(tree)
    tap.equal(counters_of_walk(answer.lines, columns), clamp(counters),
              "%s shows each of its %d readable counters once, and no other" % (scenario, len(counters)))
    tap.ok(not complaints, "walking %s draws no complaint" % scenario, *complaints)


def test_age(workspace, master):
    """Of the values of the answer itself, which were read for it."""
    idle = 3                            # s, longer than the cache keeps them
    with Tree(workspace, os.path.join(SOURCE, "testdata", "name-order", "sysfs.tree"), faults=False) as sysfs:
        for use in ("on", "off"):
            with Agent(workspace, master, sysfs.root, *UNHURRIED, "--shortcut", use):
                serving_whole(master)
                time.sleep(idle)
                age = master.client().cell("rdmaAgentSnapshotAge.0")
                tap.ok(re.match("Gauge32: [0-9]+", age) and int(age.split()[1]) < 1000,
                       "the age is that of the values just read, with --shortcut " + use, age)


def main():
    with tap.points(), Workspace() as workspace:
        master = workspace.enter(Master(workspace))
        test_age(workspace, master)
        for directory in sorted(glob.glob(os.path.join(SOURCE, "testdata", "*", ""))):
            if os.path.exists(os.path.join(directory, "sysfs.tree")):
                test_scenario(workspace, master, os.path.dirname(directory))


if __name__ == "__main__":
    main()
