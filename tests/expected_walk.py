#!/usr/bin/env python3
"""The walk of RDMA-PORT-MIB that a sysfs tree must give.

Reads a sysfs.tree, applies the rules of the MIB to it and prints, line by line, what

    snmpwalk -v2c -c public -OsU -m RDMA-PORT-MIB HOST rdmaPortMIB

of Net-SNMP 5.9.3 prints when rdma-agentx serves that tree. It is a second statement of the same
contract and shares neither code nor tables with the daemon: a mistake must be made twice to pass.
Values that depend on the time or on the program print as "*".

What stands in the tree: sysfs_tree.py, sysfs_values.py; the rows: expected_rows.py; the objects: expected_objects.py.
"""

import argparse
import re

from expected_objects import AGENT, ANY, DEVICE, DEVICE_NAMED, HW, NAMED, OBJECTS, PMA, PORT
from expected_rows import Agent, NamedCounter, known
from sysfs_tree import read_tree

ROOT = (1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 4791, 1)    # rdmaMIBObjects


def rows(agent):
    """Arc of a table -> its rows, each with its index."""
    ports = [((port.device.name, port.number), port) for port in agent.ports]
    return {
        AGENT: [((0,), agent)],
        DEVICE: [((device.name,), device) for device in agent.devices],
        PORT: ports, PMA: ports, HW: ports,
        NAMED: [(index + (name,), NamedCounter(name, value))
                for index, port in ports for name, value in port.hw.items()],
        DEVICE_NAMED: [((device.name, name), NamedCounter(name, value))
                       for device in agent.devices for name, value in device.hw.items()],
    }


def index_oid(index):
    """A string is its length and its bytes: hence shorter names sort before longer ones."""
    oid = ()
    for part in index:
        oid += (len(part), *part.encode()) if isinstance(part, str) else (part,)
    return oid


def index_text(index):
    return "".join('."%s"' % part if isinstance(part, str) else ".%d" % part for part in index)


def instances(tree, cache_max_age=1000):
    """(OID, name, value, value as printed) of every object instance."""
    tables = rows(Agent(tree, cache_max_age))
    for name, table, column, syntax, value_of in OBJECTS:
        for index, row in tables[table]:
            value = value_of(row)
            if value is not None:
                # A scalar is a column of rdmaAgent, a column of a table lies below its entry.
                arcs = (table, column) if table == AGENT else (table, 1, column)
                yield ROOT + arcs + index_oid(index), name + index_text(index), value, syntax(value)


def walk(tree, cache_max_age=1000):
    """The OID and the line of every object instance, in the order of a walk."""
    return sorted((oid, "%s = %s" % (name, line)) for oid, name, _, line in instances(tree, cache_max_age))


def cells(tree, cache_max_age=1000):
    """OID -> (type, value) of every object instance in the order of a walk: the type as snmpwalk prints it, the value a
    number or a text, or None where it depends on the time or on the program."""
    found = {}
    for oid, _, value, line in instances(tree, cache_max_age):
        syntax, _, printed_value = line.partition(": ")
        if value == ANY:
            value = None
        elif syntax == "STRING":
            value = printed_value
        elif syntax == "INTEGER":       # a number outside an enumeration is another one in its cell
            value = int(re.search("-?[0-9]+", printed_value.rpartition("(")[2])[0])
        found[oid] = syntax, value
    return dict(sorted(found.items()))


def readable_counters(tree):
    """(device, port, directory, file, value) of every counter file that has a place in the MIB.

    The port is None for a counter of the device, the value None where the file gives none.
    Left out: files of counters/ other than the kernel's 21, names that cannot be an index.
    """
    for device in Agent(tree, 0).devices:
        for name, value in device.hw.items():
            yield device.name, None, "hw_counters", name, known(value)
        for port in device.ports:
            for name, value in port.pma.items():
                yield device.name, port.number, "counters", name, value
            for name, value in port.hw.items():
                yield device.name, port.number, "hw_counters", name, known(value)


def main():
    parser = argparse.ArgumentParser(description="Prints the walk of RDMA-PORT-MIB that a sysfs tree must give.")
    parser.add_argument("--cache-max-age", type=int, default=1000, metavar="MS")
    parser.add_argument("tree", metavar="TREE", help="a sysfs.tree")
    options = parser.parse_args()
    for _, line in walk(read_tree(options.tree), options.cache_max_age):
        print(line)


if __name__ == "__main__":
    main()
