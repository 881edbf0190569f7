#!/usr/bin/env python3
"""Holds the floors: a file of src/ includes only its own folder and floors below, libraries stay where they belong, and
nothing below the highest floor ends the process or touches what belongs to all of it."""

import os
import re

import tap

SOURCE = os.path.join(os.environ.get("srcdir", "."), "src")
# From the ground up. Each folder of src/ is a floor; what is in it, nobody lists.
FLOORS = "base kernel mib gather device family port status snmp daemon".split()
LIBRARIES = {                           # the start of a header's path: the floor that may include it
    "net-snmp/": "snmp",
    "infiniband/": "port",
}
MOST_LINES = 450


def sources():
    """(floor, name, lines) of every file; the floor of one beside the folders is empty."""
    for directory, _, names in sorted(os.walk(SOURCE)):
        for name in sorted(names):
            if name.endswith((".c", ".h")):
                with open(os.path.join(directory, name), encoding="utf-8") as file:
                    yield os.path.relpath(directory, SOURCE).strip("."), name, file.read().splitlines()


def includes(lines):
    """(number of the line, whether in quotes, path)"""
    for number, line in enumerate(lines, 1):
        found = re.match(r'#include\s+(["<])([^">]+)[">]', line)
        if found:
            yield number, found[1] == '"', found[2]


def wrong_include(floor, is_own, path):
    """Why a file of this floor must not include that; None if it may."""
    for start, allowed in LIBRARIES.items():
        if path.startswith(start) and not is_at_or_above(floor, allowed):
            return "only %s/ and floors above may include %s" % (allowed, start)
    if not is_own or path == "config.h":
        return None
    other = os.path.dirname(path)
    if other not in FLOORS:
        return "is on no floor"
    return None if is_at_or_above(floor, other) else "is not below " + floor


def is_at_or_above(floor, other):
    return FLOORS.index(floor) >= FLOORS.index(other)


def main():
    stray, crossed, untold, long = [], [], [], []
    count = 0
    for floor, name, lines in sources():
        count += 1
        where = os.path.join(floor, name)
        if floor not in FLOORS:
            stray.append(where)
            continue
        for number, is_own, path in includes(lines):
            why = wrong_include(floor, is_own, path)
            if why:
                crossed.append("%s:%d: %s: %s" % (where, number, path, why))
        if name.endswith(".h") and not (lines and lines[0].startswith("/* %s: " % name[:-2])):
            untold.append(where)
        if len(lines) > MOST_LINES:
            long.append("%s: %d lines" % (where, len(lines)))
    tap.equal(stray, [], "every file of src/ is on a floor")
    tap.equal(crossed, [], "each of %d files includes only its own floor and those below" % count)
    tap.equal(untold, [], "each header opens with its job")
    tap.equal(long, [], "no file has more than %d lines" % MOST_LINES)


with tap.points():
    main()
