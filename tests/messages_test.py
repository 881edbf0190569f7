#!/usr/bin/env python3
"""Holds the manual page to the log: each line that can be logged is explained, at its level, and no other is."""

import glob
import os
import re

import tap

SOURCE = os.environ.get("srcdir", ".")
LEVELS = {"error", "warn", "info"}
LITERAL = r'"((?:[^"\\]|\\.)*)"'
ANY_LEVEL = {"Net-SNMP"}                # the library says how bad it is


def text(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as file:
        return file.read()


def logged():
    """{message: level} of all sources. Most name both in the call; those of the health stand in a table."""
    found = {}
    for path in sorted(glob.glob(os.path.join(SOURCE, "src", "*", "*.c"))):
        source = re.sub(r'"\s*\n\s*"', "", text(path))
        for level, message in re.findall(r"\blog_(error|warn|info)\(\s*" + LITERAL, source):
            found[message] = level
        for message, level in re.findall(r"\{" + LITERAL + r",\s+LOG_LEVEL_(ERROR|WARN|INFO)\}", source):
            if " " in message:          # else it is the name of a level
                found[message] = level.lower()
        for message in re.findall(r"\blog_line\(\w+, " + LITERAL, source):
            found[message] = "any"
    return found


def explained():
    """{message: level} of the page: an item of a level's list, or quoted as what follows (info)."""
    part = text("doc", "rdma-agentx.8").split("These are all values of\n", 1)[1].split("\n.Ss ", 1)[0]
    found, level = {}, None
    for line, after in zip(part.splitlines(), part.splitlines()[1:] + [""]):
        if line.startswith(".Cm ") and line.split()[1] in LEVELS and after.startswith(".Bl"):
            level = line.split()[1]
        elif line.startswith(".It "):
            found[line[len(".It "):].strip('"')] = level
        elif line.startswith(".Ql ") and after.startswith(("(info)", "follows")):
            found[line[len(".Ql "):]] = "info"
    return found


def main():
    wanted, got = logged(), explained()
    for message in ANY_LEVEL & wanted.keys() & got.keys():
        wanted[message] = got[message]
    levels = sorted({level for level in got.values() if level})
    tap.equal(levels, sorted(LEVELS), "the manual page has a list for each level")
    tap.equal(["%s: %s" % pair[::-1] for pair in sorted(got.items())],
              ["%s: %s" % pair[::-1] for pair in sorted(wanted.items())],
              "it explains every line that can be logged, at its level, and no other")


with tap.points():
    main()
