"""What a sysfs tree says must be answered, and what is wrong with an answer in octets (ber.py)."""

import bisect

import ber
import expected_walk
from snmp import print_oid
from sysfs_tree import read_tree

TAGS = {"STRING": ber.OCTETS, "INTEGER": ber.INTEGER, "Gauge32": ber.GAUGE, "Counter32": ber.COUNTER32,
        "Counter64": ber.COUNTER64, "Timeticks": ber.TIMETICKS}


OBJECTS = (1,)      # below the root


class Truth:
    """What a tree's files say must be answered."""

    def __init__(self, tree_file, root):
        self.root = root
        known = len(expected_walk.ROOT) - 1
        self.cells = {root + oid[known:]: (TAGS[syntax], value.encode() if isinstance(value, str) else value)
                      for oid, (syntax, value) in expected_walk.cells(read_tree(tree_file)).items()}
        self.oids = list(self.cells)
        self.known_to_v1 = [oid for oid in self.oids if self.cells[oid][0] != ber.COUNTER64]

    def is_within(self, oid):
        """True if it is about the ports' objects, which other families' modules follow."""
        return oid[:len(self.root) + 1] == self.root + OBJECTS

    def is_cell(self, oid, tag, value):
        wanted = self.cells.get(oid)
        return wanted is not None and tag == wanted[0] and wanted[1] in (None, value)

    def wrong_get(self, oid, varbind):
        """What is wrong with the answer to a GET of a name in the MIB, or None."""
        name, tag, value = varbind
        right = name == oid and (self.is_cell(oid, tag, value) if oid in self.cells else
                                 tag in (ber.NO_SUCH_OBJECT, ber.NO_SUCH_INSTANCE))
        return None if right else "GET of %s: %s" % (print_oid(oid), varbind)

    def wrong_next(self, oid, varbind, among=None):
        """Likewise for a GETNEXT. Where the next name is not ours, it only must not be ours."""
        name, tag, value = varbind
        among = self.oids if among is None else among
        at = bisect.bisect_right(among, oid)
        if oid < self.root:
            right = name > oid      # what lies before is snmpd's
        elif at < len(among):
            right = name == among[at] and self.is_cell(name, tag, value)
        else:
            right = tag == ber.END_OF_MIB_VIEW or (name > oid and not self.is_within(name))
        return None if right else "GETNEXT of %s: %s" % (print_oid(oid), varbind)

    def wrong_bulk(self, oids, non_repeaters, varbinds):
        """Likewise for a GETBULK, which may be cut anywhere."""
        asked = list(oids)
        for i, varbind in enumerate(varbinds):
            column = i if i < non_repeaters else non_repeaters + (i - non_repeaters) % (len(oids) - non_repeaters)
            wrong = self.is_within(asked[column]) and self.wrong_next(asked[column], varbind)
            if wrong:
                return wrong
            asked[column] = varbind[0]
        return None if varbinds else "GETBULK of %s: nothing" % (oids,)


def complaints(truth, kind, oids, answer, among=None):
    """What is wrong with the answer to a GET or GETNEXT of names in the MIB."""
    if answer is None:
        return ["no answer to %s" % (oids,)]
    if answer.error or len(answer.varbinds) != len(oids):
        return ["error-status %d, %d varbinds for %s" % (answer.error, len(answer.varbinds), oids)]
    if kind == ber.GET:
        return list(filter(None, map(truth.wrong_get, oids, answer.varbinds)))
    return [wrong for oid, varbind in zip(oids, answer.varbinds) for wrong in [truth.wrong_next(oid, varbind, among)]
            if wrong]


def ask_all(client, truth, kind, oids, size=10, among=None):
    """Asks for all of them, so many a request; what was wrong."""
    wrong = []
    for start in range(0, len(oids), size):
        batch = oids[start:start + size]
        wrong += complaints(truth, kind, batch, client.ask(kind, batch), among)
    return wrong
