#!/usr/bin/env python3
"""Holds the catalogue and the MIB against each other, both ways, and prints the stanza that is missing.

The MIB is read as text, by a reading of its own: no Net-SNMP, no catalogue."""

import os
import re
import subprocess
import sys

BUILD = os.environ.get("builddir", ".")
SOURCE = os.environ.get("srcdir", ".")
MIB = os.path.join(SOURCE, "mibs", "RDMA-PORT-MIB.txt")
TABLES = {1: "rdmaAgent", 2: "rdmaDeviceEntry", 3: "rdmaPortEntry", 4: "rdmaPortCounterEntry",
          5: "rdmaPortHwCounterEntry", 6: "rdmaCounterEntry", 7: "rdmaDeviceCounterEntry"}
DISCONTINUITY = {4: "rdmaPortCounterDiscontinuityTime", 5: "rdmaPortHwCounterDiscontinuityTime",
                 6: "rdmaPortNamedCounterDiscontinuityTime", 7: "rdmaDeviceCounterDiscontinuityTime"}
DIRECTORY = {4: "counters", 5: "hw_counters"}


def print_catalogue(*options):
    return subprocess.run([os.path.join(BUILD, "tests", "catalogue"), *options], check=True, capture_output=True,
                          text=True).stdout.splitlines()


def catalogue():
    """Object -> its row, as tests/catalogue prints it."""
    names = "table number object type source file alias metric limit labels".split()
    rows = [dict(zip(names, line.split("\t"))) for line in print_catalogue()]
    return {row["object"]: dict(row, table=int(row["table"]), number=int(row["number"])) for row in rows}


def without_comments(text):
    """ASN.1 comments removed, quoted strings kept whole."""
    return re.sub(r'("[^"]*")|--[^\n]*', lambda match: match.group(1) or "", text)


def mib():
    """Object -> {syntax, access, units, reference, description, parent, number}, and TC -> its enumeration."""
    with open(MIB, encoding="ascii") as file:
        text = without_comments(file.read())
    objects, conventions = {}, {}
    for name, body, parent, number in re.findall(
            r"\n(\w+)\s+OBJECT-TYPE\n(.*?)::=\s*\{\s*(\w+)\s+(\d+)\s*\}", text, re.S):
        clause = {key: re.search(r"(?:^|\n)\s*%s\s+(%s)" % (key, value), body, re.S) for key, value in
                  {"SYNTAX": r"(?:SEQUENCE OF \w+|[\w]+(?:\s*\{[^}]*\}|\s*\([^\n]*\))?)", "MAX-ACCESS": r"[\w-]+",
                   "UNITS": r'"[^"]*"', "REFERENCE": r'"[^"]*"', "DESCRIPTION": r'"[^"]*"'}.items()}
        objects[name] = {key.lower(): " ".join(match.group(1).split()) if match else "" for key, match in clause.items()}
        objects[name].update(parent=parent, number=int(number))
    for name, syntax in re.findall(
            r"\n(\w+)\s+::=\s+TEXTUAL-CONVENTION.*?\n\s*SYNTAX\s+(\w+(?:\s*\{[^}]*\})?)", text, re.S):
        conventions[name] = syntax
    return objects, conventions


def base_type(syntax, conventions):
    """The SMI type of a SYNTAX clause, textual conventions followed."""
    word = syntax.split()[0].split("{")[0].split("(")[0]
    if word in conventions:
        return base_type(conventions[word], {})
    return {"Unsigned32": "Gauge32", "Integer32": "INTEGER", "TruthValue": "INTEGER"}.get(word, word)


def enumeration(syntax, conventions):
    """The labels of an enumeration; those of its convention where the clause has none of its own."""
    if "{" not in syntax:
        syntax = "true(1) false(2)" if syntax == "TruthValue" else conventions.get(syntax, "")
    return set(re.findall(r"(\w+)\s*\((\d+)\)", syntax))


def stanza(row):
    """What the MIB lacks for a column, to be completed by hand."""
    file = "/sys/class/infiniband/<device>/ports/<port>/%s/%s" % (DIRECTORY.get(row["table"], "..."), row["file"])
    return """%s OBJECT-TYPE
    SYNTAX      %s
    UNITS       "..."
    MAX-ACCESS  read-only
    STATUS      current
    DESCRIPTION
        "...
         Discontinuities are told by %s."
    REFERENCE   "%s"
    ::= { %s %d }""" % (row["object"], row["type"], DISCONTINUITY.get(row["table"], "..."), file, TABLES[row["table"]],
                        row["number"])


def complaints_of(row, entry, conventions):
    """Everything in which a column of the catalogue and its object in the MIB differ."""
    if entry["parent"] != TABLES[row["table"]] or entry["number"] != row["number"]:
        yield "is { %s %d }, in the catalogue { %s %d }" % (entry["parent"], entry["number"], TABLES[row["table"]],
                                                            row["number"])
    access = "not-accessible" if row["source"] == "index" else "read-only"
    if entry["max-access"] != access:
        yield "MAX-ACCESS is %s, should be %s" % (entry["max-access"], access)
    if row["source"] == "index":
        return
    if base_type(entry["syntax"], conventions) != row["type"]:
        yield "SYNTAX is %s, in the catalogue %s" % (entry["syntax"], row["type"])
    labels = set(re.findall(r"(\w+)\((\d+)\)", row["labels"]))
    if not enumeration(entry["syntax"], conventions) <= labels:
        yield "enumeration has %s, the catalogue %s" % (enumeration(entry["syntax"], conventions), labels)
    if row["file"] and "/%s/%s" % (DIRECTORY[row["table"]], row["file"]) not in entry["reference"]:
        yield "REFERENCE does not name the file %s/%s" % (DIRECTORY[row["table"]], row["file"])
    if row["type"] == "Counter64" and row["table"] in DISCONTINUITY:
        if DISCONTINUITY[row["table"]] not in entry["description"]:
            yield "DESCRIPTION does not name " + DISCONTINUITY[row["table"]]
        if not entry["units"] and row["source"] in ("counter", "octets"):
            yield "has no UNITS"
    limit = int(row["limit"])
    if limit and str(limit) not in entry["description"].replace(",", "") and "2^32" not in entry["description"]:
        yield "DESCRIPTION does not say that the hardware stops at %d" % limit


def notifications_of_catalogue():
    """[(name, number, its objects in order)]"""
    rows = [line.split("\t") for line in print_catalogue("--notifications")]
    return [(name, int(number), objects.split()) for number, name, objects in rows]


def notifications_of_mib():
    """The same of the MIB."""
    with open(MIB, encoding="ascii") as file:
        text = without_comments(file.read())
    return [(name, int(number), re.findall(r"\w+", objects)) for name, objects, number in re.findall(
        r"\n(\w+)\s+NOTIFICATION-TYPE\s+OBJECTS\s*\{([^}]*)\}.*?::=\s*\{\s*rdmaMIBNotifications\s+(\d+)\s*\}",
        text, re.S)]


def main():
    columns, (objects, conventions) = catalogue(), mib()
    number = 0
    for name, row in columns.items():
        number += 1
        if name not in objects:
            print("not ok %d - %s is in the MIB" % (number, name))
            print("# the MIB lacks:\n" + "\n".join("#   " + line for line in stanza(row).splitlines()))
            continue
        complaints = list(complaints_of(row, objects[name], conventions))
        for complaint in complaints:
            print("# %s: %s" % (name, complaint))
        print("%sok %d - %s is the same in the catalogue and in the MIB" % ("not " if complaints else "", number, name))
    leaves = {name for name, entry in objects.items() if entry["parent"] in TABLES.values()}
    for name in sorted(leaves - set(columns)):
        number += 1
        print("not ok %d - %s of the MIB is in the catalogue" % (number, name))
    number += 1
    ours, published = notifications_of_catalogue(), notifications_of_mib()
    print("%sok %d - the notifications and what they carry are those of the MIB"
          % ("" if ours == published else "not ", number))
    for side in (ours, published) if ours != published else ():
        print("# %s" % side)
    print("1..%d" % number)


if __name__ == "__main__":
    sys.exit(main())
