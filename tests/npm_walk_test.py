#!/usr/bin/env python3
"""Holds the walk of an SNMP manager that shares no code with Net-SNMP to that of snmpwalk.

The manager is the npm package net-snmp of package.json. NPM_SNMP is the node_modules it is installed in.
"""

import os
import re
import shutil
import subprocess

import snmp
import tap
from harness import PATIENCE, SOURCE, UNHURRIED, Agent, Master, Tree, Workspace, serving_whole

SCENARIOS = ("cx6dx-roce-vf", "name-order", "odd-values", "hfi1-omnipath")
CREDENTIALS = {"2c": [snmp.COMMUNITY], "3": [snmp.USER, snmp.AUTHENTICATION, snmp.PRIVACY]}
NO_PACKAGE = 3


def run(node, *arguments):
    """Standard output, standard error and status of npm_walk.js."""
    script = os.path.join(SOURCE, "tests", "npm_walk.js")
    done = subprocess.run([node, script, *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE,
                          check=False)
    return done.stdout.splitlines(), done.stderr, done.returncode


def find_node():
    """The node that finds the package; tap.Skip where one of them is missing."""
    node = shutil.which(os.environ.get("NODE", "node"))
    if not node:
        raise tap.Skip("no node")
    if run(node, 0, "2c", "1.3", "public")[2] == NO_PACKAGE:
        raise tap.Skip("no npm package net-snmp: set NPM_SNMP to the node_modules that has it")
    return node


def comparable(lines, root):
    """Without the human form of TimeTicks and without what changes between two walks."""
    volatile = {"%s.1.%d.0" % (root, scalar) for scalar in snmp.VOLATILE.values()}
    lines = [re.sub(r"(Timeticks: \(\d+\)).*", r"\1", line) for line in lines]
    return [line.partition(" = ")[0] + " = *" if line.partition(" = ")[0] in volatile else line for line in lines]


def main():
    with tap.points(), Workspace() as workspace:
        node = find_node()
        master = workspace.enter(Master(workspace))
        root = snmp.print_oid(snmp.translate("RDMA-PORT-MIB::rdmaMIBObjects", master.client_directory))
        for scenario in SCENARIOS:
            file = os.path.join(SOURCE, "testdata", scenario, "sysfs.tree")
            with Tree(workspace, file, faults=False) as tree, Agent(workspace, master, tree.root, *UNHURRIED):
                serving_whole(master)
                wanted = comparable(master.client(numeric=True).walk(root).lines, root)
                for version, credentials in CREDENTIALS.items():
                    lines, error, status = run(node, master.port, version, root.strip("."), *credentials)
                    tap.equal(comparable(lines, root), wanted, "net-snmp of npm sees with SNMPv%s the %d cells of %s "
                              "that snmpwalk sees" % (version, len(wanted), scenario))
                    tap.ok(status == 0 and not error, "and says nothing else", status, error)


if __name__ == "__main__":
    main()
