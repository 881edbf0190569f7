#!/usr/bin/env python3
"""Holds every kind of request to one answer: what a walk shows, and SNMP's rules for the rest; with the
short cut and without it.

The walk is the reference. For GETNEXT and GETBULK a linear search over it says what must come back.
"""

import os

import snmp
import tap
from harness import SOURCE, UNHURRIED, Agent, Master, Tree, Workspace, serving_whole
from snmp import parse_oid, print_oid

SCENARIOS = ("cx6dx-roce-vf", "name-order", "odd-values")
OBJECTS = (1,)                          # below the root: the other families' modules are behind them
LONGEST_OID, LARGEST_PART = 128, 2**32 - 1
BATCH = 50                              # varbinds of one request, where any number would do
SYS_UP_TIME, ENTERPRISES = (1, 3, 6, 1, 2, 1, 1, 3, 0), (1, 3, 6, 1, 4, 1)


class Reference:
    """A walk: OID -> value, and what SNMP says follows from it. Values that change by themselves are "*"."""

    def __init__(self, root, lines):
        self.root = root
        self.oids = []
        self.values = {}
        for oid, value in self.cells(lines):
            self.oids.append(oid)
            self.values[oid] = value

    def is_within(self, oid):
        return oid[:len(self.root) + 1] == self.root + OBJECTS

    def cells(self, lines):
        """(OID, value) of every line of an answer; (None, None) for what lies outside the MIB."""
        volatile = {self.root + (1, 1, scalar, 0) for scalar in snmp.VOLATILE.values()}
        cells = []
        for name, value in snmp.values(lines).items():
            oid = parse_oid(name)
            cells.append((oid, "*" if oid in volatile else value) if self.is_within(oid) else (None, None))
        return cells

    def next(self, oid):
        """The cell after an OID, by a linear search."""
        for candidate in self.oids:
            if candidate > oid:
                return candidate, self.values[candidate]
        return None, None

    def bulk(self, oids, non_repeaters, repetitions):
        """The cells of a GETBULK."""
        cells = [self.next(oid) for oid in oids[:non_repeaters]]
        columns = list(oids[non_repeaters:])
        for _ in range(repetitions):
            row = [self.next(oid) if oid else (None, None) for oid in columns]
            cells += row
            columns = [oid for oid, _ in row]
        return cells


def batches(items):
    return [items[start:start + BATCH] for start in range(0, len(items), BATCH)]


def ask(function, oids):
    """The lines of the answers to many OIDs, so many a request."""
    answers = snmp.parallel(lambda batch: function(*map(print_oid, batch)), batches(oids), 2)
    return [answer.lines for answer in answers]


def odd_oids(reference):
    """What a confused manager asks: OIDs that are cut off, too long, beside a cell, or beyond all bounds."""
    odd = {reference.root}
    for oid in reference.oids:
        odd.update(oid[:length] for length in range(len(reference.root), len(oid) + 1))
        longest = oid + (LARGEST_PART,) * (LONGEST_OID - len(oid))
        odd.update((oid[:-1] + (oid[-1] + 1,), oid[:-1] + (max(oid[-1], 1) - 1,), longest,
                    longest[:-1], oid[:-1] + (LARGEST_PART,)))
        if len(oid) < LONGEST_OID:
            odd.update((oid + (0,), oid + (LARGEST_PART,), oid + (1,) * (LONGEST_OID - len(oid))))
    for oid in reference.oids[::7]:
        odd.update(oid[:at] + (part,) + oid[at + 1:] for at in range(len(reference.root), len(oid))
                   for part in (0, 1, oid[at] + 1, LARGEST_PART) if part <= LARGEST_PART)
    return sorted(oid for oid in odd if oid[-1] <= LARGEST_PART)


def test_order(reference):
    tap.ok(reference.oids == sorted(set(reference.oids)) and all(map(reference.is_within, reference.oids)),
           "a walk ascends, shows each of %d cells once and stays in the MIB" % len(reference.oids))


def test_walks(master, reference):
    walk = list(reference.values.items())
    client = master.client(numeric=True)
    for repetitions in (1, 2, 3, 10, 25, 50, 100):
        tap.equal(reference.cells(client.bulkwalk(print_oid(reference.root + OBJECTS), repetitions).lines), walk,
                  "GETBULK with %d repetitions walks through the same cells" % repetitions)
    v3 = master.client("3", numeric=True)
    tap.equal(reference.cells(v3.bulkwalk(print_oid(reference.root + OBJECTS)).lines), walk, "so does SNMPv3 with privacy")
    tap.equal(reference.cells(v3.walk(print_oid(reference.root + (1, 2))).lines),
              [cell for cell in walk if cell[0][len(reference.root):][:2] == (1, 2)], "so does its GETNEXT in a table")
    v1 = master.client("1", numeric=True)
    tap.equal(reference.cells(v1.walk(print_oid(reference.root + OBJECTS)).lines),
              [cell for cell in walk if not is_counter64(reference, cell)],
              "SNMPv1 walks through the same cells but Counter64, which it does not know")
    counter = next(cell[0] for cell in walk if is_counter64(reference, cell))
    answer = v1.get(print_oid(counter))
    tap.ok("noSuchName" in answer.error, "SNMPv1 has no such name for a Counter64", answer)


def is_counter64(reference, cell):
    oid, value = cell
    return value.startswith("Counter64: ") or oid[len(reference.root):][:3] in ((1, 1, 9), (1, 1, 10), (1, 1, 17))


def test_get(master, reference):
    client = master.client(numeric=True)
    got = [cell for lines in ask(client.get, reference.oids) for cell in reference.cells(lines)]
    tap.equal(got, list(reference.values.items()), "GET gives every cell of the walk")


def test_getnext(master, reference):
    odd = odd_oids(reference)
    client = master.client(numeric=True)
    wrong = []
    for batch, lines in zip(batches(odd), ask(client.getnext, odd)):
        # Names that are asked for twice in one answer collapse in Values: so line by line.
        got = [cell for line in lines for cell in reference.cells([line])]
        wanted = [reference.next(oid) for oid in batch]
        if got != wanted:
            wrong += ["%s: got %s, wanted %s" % (print_oid(oid), *pair)
                      for oid, *pair in zip(batch, got + [None] * len(batch), wanted) if pair[0] != pair[1]]
    tap.ok(not wrong, "GETNEXT from each of %d odd OIDs gives what a linear search finds" % len(odd), *wrong[:10])


def test_bulk(master, reference):
    client, table = master.client(numeric=True), reference.root + (1, 3, 1)
    columns = [table + (column,) for column in (2, 4, 6, 11, 28, 34)]
    last, scalar = reference.oids[-1], reference.root + (1, 1, 1)
    for oids, non_repeaters, repetitions in [
            (columns, 0, 10), (columns, 2, 20), (columns[::-1], 0, 3), ([scalar] + columns, 1, 16), (columns, 6, 50),
            (columns, 0, 0), ([last], 0, 5), (reference.oids[-3:], 0, 4), ([reference.root] * 3, 1, 30),
            ([reference.root + (1, 7, 1, 3), reference.root], 0, 40)]:
        lines = client.bulkget(*map(print_oid, oids), repetitions=repetitions, non_repeaters=non_repeaters).lines
        got = [cell for line in lines for cell in reference.cells([line])]
        tap.equal(got, reference.bulk(oids, non_repeaters, repetitions),
                  "GETBULK of %d OIDs, %d of them not repeating, %d times" % (len(oids), non_repeaters, repetitions))


def test_missing(master, reference):
    """RFC 3416 section 4.2.1: no such object or, where the object exists, no such instance."""
    client, root = master.client(numeric=True), reference.root
    cell = next(oid for oid in reference.oids if oid[len(root):][:4] == (1, 3, 1, 2))
    index = cell[len(root) + 4:]
    absent = [root + (1, 4, 1, column) + index for column in range(1, 24)
              if root + (1, 4, 1, column) + index not in reference.values]
    for kind, sentence, oids in [
            ("noSuchObject", "what is no object", [
                root, root + (0,), root + (1,), root + (2,), root + (3,), root + (1, 0), root + (1, 8, 1, 1) + index,
                root + (1, 1), root + (1, 1, 18, 0), root + (1, 1, 0, 0), root + (1, 3), root + (1, 3, 1),
                root + (1, 3, 1, 35) + index, root + (1, 3, 1, 0) + index, root + (1, 3, 2, 2) + index,
                root + (1, 3, 1, LARGEST_PART) + index, root + (1, 4, 1, 24) + index]),
            ("noSuchObject", "an index, which is no readable column", [
                root + (1, 2, 1, 1) + index[:-1], root + (1, 3, 1, 1) + index, root + (1, 6, 1, 1) + index]),
            ("noSuchInstance", "an object without such a row", [
                root + (1, 1, 1, 1), root + (1, 1, 1, 0, 0), root + (1, 3, 1, 2) + index + (0,),
                root + (1, 3, 1, 2) + index[:-1], root + (1, 3, 1, 2) + index[:-1] + (LARGEST_PART,),
                root + (1, 3, 1, 2, 1, 63, 1), root + (1, 3, 1, 2, LARGEST_PART) + index, root + (1, 3, 1, 2, 0),
                cell + (1,) * (LONGEST_OID - len(cell))]),
            ("noSuchInstance", "a cell that the port does not have", absent)]:
        got = {}
        for lines in ask(client.get, oids):
            got.update((parse_oid(name), value) for name, value in snmp.values(lines).items())
        wrong = ["%s: %s" % (print_oid(oid), got.get(oid)) for oid in oids if got.get(oid) != kind]
        tap.ok(not wrong, "GET of %s is %s" % (sentence, kind), *wrong)


def test_mixed(master, reference):
    """Several varbinds of all kinds in one PDU."""
    client, root = master.client(numeric=True), reference.root
    known = reference.oids[::max(1, len(reference.oids) // 40)][:40]
    oids = [SYS_UP_TIME, root + (1, 99)] + known + [known[0], root + (1, 1, 1, 7), ENTERPRISES]
    answer = client.get(*map(print_oid, oids))
    got = [next(iter(snmp.values([line]).items())) for line in answer.lines]
    tap.ok(answer.status == 0 and [parse_oid(name) for name, _ in got] == oids,
           "one GET of %d varbinds is answered in its order" % len(oids), answer.error)
    wanted = [reference.values.get(oid) for oid in known]
    cells = [cell for line in answer.lines[2:2 + len(known)] for cell in reference.cells([line])]
    tap.ok([value for _, value in cells] == wanted and [value for _, value in got[-2:]]
           == ["noSuchInstance", "noSuchObject"] and got[1][1] == "noSuchObject",
           "and each varbind has its own value or exception", *answer.lines)
    lines = client.getnext(*map(print_oid, oids[1:])).lines
    tap.equal([cell for line in lines[:-1] for cell in reference.cells([line])],
              [reference.next(oid) for oid in oids[1:-1]], "one GETNEXT of as many varbinds likewise")


def test_set(master, reference):
    """Nothing can be written, by whoever may write."""
    root = reference.root
    state = next(oid for oid in reference.oids if oid[len(root):][:4] == (1, 3, 1, 6))
    targets = [(root + (1, 1, 1, 0), "s"), (root + (1, 1, 7, 0), "u"), (state, "i"), (state[:-1] + (77,), "i"),
               (root + (1, 3, 1, 99, 1), "i"), (root, "i")]
    for version in ("2c", "3"):
        client = master.client(version, community=snmp.WRITE_COMMUNITY, numeric=True)
        for oid, letter in targets:
            answer = client.set((print_oid(oid), letter, "1"))
            tap.ok(answer.status != 0 and "notWritable" in answer.error, "SNMPv%s: SET of %s is refused as not writable"
                   % (version, print_oid(oid[len(root):]) or "the root"), answer.error)
        two = client.set((print_oid(state), "i", "1"), (print_oid(root + (1, 1, 7, 0)), "u", "1"))
        tap.ok("notWritable" in two.error, "SNMPv%s: so are two at once" % version, two.error)
    answer = master.client("1", community=snmp.WRITE_COMMUNITY, numeric=True).set((print_oid(state), "i", "1"))
    tap.ok("noSuchName" in answer.error or "readOnly" in answer.error, "SNMPv1: SET is refused", answer.error)
    tap.equal(reference.cells(master.client(numeric=True).get(print_oid(state)).lines),
              [(state, reference.values[state])], "and the value is what it was")


def main():
    with tap.points(), Workspace() as workspace:
        master = workspace.enter(Master(workspace))
        for scenario, use in [(scenario, use) for scenario in SCENARIOS for use in ("on", "off")]:
            tap.note("%s, --shortcut %s" % (scenario, use))
            file = os.path.join(SOURCE, "testdata", scenario, "sysfs.tree")
            with Tree(workspace, file, faults=False) as tree, \
                    Agent(workspace, master, tree.root, *UNHURRIED, "--shortcut", use):
                serving_whole(master)
                root = snmp.translate("RDMA-PORT-MIB::rdmaPortMIB", master.client_directory)
                walk = master.client(numeric=True).walk(print_oid(root + OBJECTS))
                reference = Reference(root, walk.lines)
                test_order(reference)
                for test in (test_walks, test_get, test_getnext, test_bulk, test_missing, test_mixed, test_set):
                    test(master, reference)


if __name__ == "__main__":
    main()
