#!/usr/bin/env python3
"""Holds the catalogue and the MIB modules against each other, both ways, and prints the stanza that is missing; and the
modules against the rules that hold for all of them."""

import os
import re
import subprocess
import sys

import tap
from mib import Modules
from mib_rules import RULES, TOLD_BY

BUILD = os.environ.get("builddir", ".")
# Of columns whose counters are files of sysfs: where.
DIRECTORY = {"rdmaPortCounterEntry": "counters", "rdmaPortHwCounterEntry": "hw_counters"}
FIELDS = "table number object type source file alias metric limit labels".split()


def print_catalogue(*options):
    return subprocess.run([os.path.join(BUILD, "tests", "catalogue"), *options], check=True, capture_output=True,
                          text=True).stdout.splitlines()


class Catalogue:
    """What tests/catalogue prints of a module."""

    def __init__(self, module, options):
        rows = [dict(zip(FIELDS, line.split("\t"))) for line in print_catalogue(*options)]
        self.rows = [dict(row, parent=module.parent_of_table(int(row["table"])), number=int(row["number"]))
                     for row in rows]
        lines = [line.split("\t") for line in print_catalogue("--notifications", *options)]
        self.notifications = [(name, int(number), objects.split()) for number, name, objects in lines]


def catalogues(modules):
    """Name of a module -> how to ask for its catalogue."""
    names = print_catalogue("--modules")
    if any("\t" in name for name in names):     # it knows nothing but the ports, and has printed their columns
        return {"RDMA-PORT-MIB": []}
    tap.equal(sorted(names), sorted(modules.by_name), "each module in mibs/ has a catalogue, each catalogue a module")
    return {name: [name] for name in names if name in modules.by_name}


def wire_type(syntax, modules):
    """The type of a SYNTAX as the catalogue has it."""
    word = re.match(r"\w+", syntax).group()
    if word in ("TimeStamp", "DisplayString"):
        return word
    base = modules.base(syntax)[0]
    return {"Unsigned32": "Gauge32", "Integer32": "INTEGER", "OCTET STRING": "DisplayString"}.get(base, base)


def labels_of(text):
    return set(re.findall(r"(\w+)\s*\((\d+)\)", text))


def stanza(row):
    """What the MIB lacks for a column, to be completed by hand."""
    is_index = row["source"] == "index"
    labels = ", ".join("%s(%s)" % label for label in re.findall(r"(\w+)\((\d+)\)", row["labels"]))
    lines = [row["object"] + " OBJECT-TYPE",
             "    SYNTAX      " + ("..." if is_index else "INTEGER { %s }" % labels if labels else row["type"])]
    if row["type"] in ("Gauge32", "Counter32", "Counter64"):
        lines += ['    UNITS       "..."']
    lines += ["    MAX-ACCESS  " + ("not-accessible" if is_index else "read-only"),
              "    STATUS      current", "    DESCRIPTION", '        "...']
    if row["type"] == "Counter64":
        lines += ["         Discontinuities: %s." % TOLD_BY.get(row["parent"], "...")]
    lines[-1] += '"'
    if row["file"]:
        lines += ["    REFERENCE", '        "...%s"' % reference_of(row)]
    return lines + ["    ::= { %s %d }" % (row["parent"] or "...", row["number"])]


def reference_of(row):
    """What the REFERENCE of a column must hold."""
    directory = DIRECTORY.get(row["parent"])
    return "/%s/%s" % (directory, row["file"]) if directory else row["file"]


def complaints_of(row, entry, modules):
    """Everything in which a column of the catalogue and its object in the MIB differ."""
    if entry.parent != row["parent"] or entry.number != row["number"]:
        yield "is { %s %d }, in the catalogue { %s %d }" % (entry.parent, entry.number, row["parent"], row["number"])
    access = "not-accessible" if row["source"] == "index" else "read-only"
    if entry.max_access != access:
        yield "MAX-ACCESS is %s, should be %s" % (entry.max_access, access)
    if row["source"] == "index":
        return
    if wire_type(entry.syntax, modules) != row["type"]:
        yield "SYNTAX is %s, in the catalogue %s" % (entry.syntax, row["type"])
    base, refinement = modules.base(entry.syntax)
    if base == "INTEGER" and not labels_of(refinement) <= labels_of(row["labels"]):
        more = labels_of(refinement) - labels_of(row["labels"])
        yield "enumeration has %s more than the catalogue" % ", ".join("%s(%s)" % label for label in sorted(more))
    if row["file"] and not re.search(r"(?<!\w)%s(?!\w)" % re.escape(reference_of(row)), entry.reference):
        yield "REFERENCE does not name " + reference_of(row)
    if row["type"] == "Counter64" and row["source"] != "value" and not entry.units:    # a value has its driver's unit
        yield "has no UNITS"
    limit = int(row["limit"])
    if limit and str(limit) not in entry.description.replace(",", "") and "2^32" not in entry.description:
        yield "DESCRIPTION does not say that the hardware stops at %d" % limit


def test_columns(module, modules, rows):
    for row in rows:
        name = row["object"]
        if name not in module.definitions:
            tap.ok(False, "%s is in %s" % (name, module.name), "the MIB lacks:", *("  " + line for line in stanza(row)))
            continue
        complaints = complaints_of(row, module.definitions[name], modules)
        complaints = ["%s: %s" % (name, complaint) for complaint in complaints]
        tap.ok(not complaints, "%s is the same in the catalogue and in %s" % (name, module.name), *complaints)
    columns = {row["object"] for row in rows}
    for leaf in module.leaves():
        if leaf.name not in columns:
            tap.ok(False, "%s of %s is in the catalogue" % (leaf.name, module.name))


def test_notifications(module, ours):
    parent = module.child(module.identity.name, 0)
    published = [(notification.name, notification.number, notification.listed("objects"))
                 for notification in module.of("NOTIFICATION-TYPE") if notification.parent == parent]
    tap.equal(ours, published, "the notifications and what they carry are those of " + module.name)


def test_rules(module, modules):
    for rule, sentence in RULES:
        try:
            complaints = list(rule(module, modules))
        except LookupError as error:
            complaints = [error]
        tap.ok(not complaints, "%s %s" % (module.name, sentence), *complaints)


def main():
    with tap.points():
        modules = Modules()
        for module in modules.by_name.values():
            test_rules(module, modules)
        for name, options in catalogues(modules).items():
            catalogue = Catalogue(modules.by_name[name], options)
            test_columns(modules.by_name[name], modules, catalogue.rows)
            test_notifications(modules.by_name[name], catalogue.notifications)


if __name__ == "__main__":
    sys.exit(main())
