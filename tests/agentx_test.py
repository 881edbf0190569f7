#!/usr/bin/env python3
"""Holds the short cut to the way through Net-SNMP's agent: whatever snmpd may ask, both answer with the same octets.

The test is the master of two subagents that serve one tree, one with --shortcut on and one with off. Where a request is one
that an snmpd sends, a linear search over the walk says what the answer must be."""

import glob
import os
import random
import struct
import sys

import agentx
import snmp
import tap
from agentx import Range
from harness import SOURCE, UNHURRIED, Agent, Tree, Workspace
from protocol_test import LARGEST_PART, LONGEST_OID, odd_oids

SCENARIOS = ("name-order", "odd-values")
TRIES = 5                               # to read all devices of a tree
BATCH = 12                              # varbinds of one request, where any number would do
BEFORE, BEHIND = (1, 3, 6, 1, 2, 1, 1, 3, 0), (1, 3, 6, 1, 6, 3)


class Pair:
    """The two subagents. A question goes to both."""

    def __init__(self, workspace, tree):
        listener = workspace.enter(agentx.Listener(workspace.path("master")))
        options = [*UNHURRIED, "--cache-ttl", "1h"]
        self.agents, self.connections = [], []
        for use in ("on", "off"):
            for _ in range(TRIES):
                agent = workspace.enter(Agent(workspace, listener, tree.root, *options, "--shortcut", use))
                connection = workspace.enter(listener.accept())
                connection.serve_until(lambda: "msg=serving" in agent.log())
                self.root = connection.registered[0][:-1]   # the ports' objects are the first arc below it
                if self.is_whole(connection):
                    break
                agent.kill9()
            self.agents.append(agent)
            self.connections.append(connection)
        self.begin, self.end = self.root + (1,), self.root + (2,)

    def is_whole(self, connection):
        """True if the devices were read in time: on a busy machine the first reading may not be, and it is the only one."""
        health, = agentx.parse_varbinds(connection.ask(agentx.GET, [Range(self.root + (1, 1, 2, 0), False, ())]))
        return health.value == 1

    def ask(self, *arguments, **more):
        """The response of the one with the short cut, and whether the other one's is the same."""
        answers = [connection.ask(*arguments, **more) for connection in self.connections]
        comparable = [self.comparable(answer) for answer in answers]
        return answers[0], comparable[0] == comparable[1]

    def comparable(self, message):
        """What must be the same in both: all but the number of the session."""
        message = self.blank(message)
        return message[:4] + message[8:]

    def blank(self, message):
        """The message without values that depend on the moment."""
        if message[2] & agentx.NETWORK_BYTE_ORDER:
            return message
        volatile = {self.root + (1, 1, scalar, 0) for scalar in snmp.VOLATILE.values()}
        for varbind in agentx.parse_varbinds(message):
            if varbind.oid in volatile or varbind.type == agentx.TIME_TICKS:
                message = message[:varbind.begin] + bytes(varbind.end - varbind.begin) + message[varbind.end:]
        return message

    def pipe_calls(self):
        """How often each has written to a pipe or a file: what goes through a socket is not counted there."""
        counts = []
        for agent in self.agents:
            with open("/proc/%d/io" % agent.child.pid, encoding="ascii") as lines:
                counts.append(int(dict(line.split(": ") for line in lines)["syscw"]))
        return counts


class Walk:
    """The cells of a walk, and what must follow from them."""

    def __init__(self, pair):
        self.root = pair.root
        self.cells, self.is_same = {}, True
        question = Range(pair.begin, True, pair.end)
        while True:
            message, same = pair.ask(agentx.GETNEXT, [question])
            self.is_same &= same
            varbind, = agentx.parse_varbinds(pair.blank(message))
            if varbind.type == agentx.END_OF_MIB_VIEW:
                break
            assert varbind.oid > question.start, "a walk ascends"
            self.cells[varbind.oid] = varbind.type
            question = Range(varbind.oid, False, pair.end)
        self.oids = list(self.cells)

    def next(self, question):
        """(OID, type) of the cell that a GetNext must find, by a linear search."""
        for oid, kind in self.cells.items():
            if oid > question.start or (question.is_inclusive and oid == question.start):
                return (oid, kind) if oid < question.end else (question.start, agentx.END_OF_MIB_VIEW)
        return question.start, agentx.END_OF_MIB_VIEW


def batches(items, size=BATCH):
    return [items[start:start + size] for start in range(0, len(items), size)]


def test_walks(pair, scenario):
    walk = Walk(pair)
    tap.ok(walk.is_same and walk.oids, "%s: a walk of %d cells gets the same octets both ways" % (scenario, len(walk.oids)))
    same = [pair.ask(agentx.GET, [Range(oid, False, ()) for oid in oids])[1] for oids in batches(walk.oids, 60)]
    tap.ok(all(same), "%s: so does a Get of each of them" % scenario)
    return walk


def test_getnext(pair, walk):
    """From odd OIDs, inclusive or not, to the end of the MIB, to a cell, or to nowhere."""
    chance = random.Random(1)
    odd = [oid for oid in odd_oids(walk) if len(oid) <= LONGEST_OID]
    questions = [Range(oid, bool(inclusive), pair.end if chance.random() < 0.5 else chance.choice(odd))
                 for oid in odd for inclusive in (0, 1)]
    chance.shuffle(questions)
    different, wrong = [], []
    for batch in batches(questions):
        message, same = pair.ask(agentx.GETNEXT, batch)
        got = [(varbind.oid, varbind.type) for varbind in agentx.parse_varbinds(message)]
        wanted = [walk.next(question) for question in batch]
        different += [] if same else [batch]
        # Net-SNMP's parser takes a sub-identifier from 2^31 on for a larger one, which only shows at the end of a range.
        wrong += ["%s: got %s, wanted %s" % row for row in zip(batch, got, wanted)
                  if row[1] != row[2] and max(row[0].end) < 2**31]
    tap.ok(not different, "a GetNext of %d ranges from odd OIDs to odd ends gets the same octets" % len(questions),
           *[repr(batch)[:300] for batch in different[:3]])
    tap.ok(not wrong, "and what a linear search finds", *wrong[:5])


def test_get(pair, walk):
    odd = odd_oids(walk)
    different = [oids for oids in batches(odd, 40)
                 if not pair.ask(agentx.GET, [Range(oid, False, ()) for oid in oids])[1]]
    tap.ok(not different, "a Get of %d odd OIDs gets the same octets" % len(odd),
           *[repr(oids)[:300] for oids in different[:3]])


def test_unusual(pair, walk):
    """What only the normal way knows, and what is at its border."""
    first, cell, end = walk.oids[0], walk.oids[len(walk.oids) // 2], pair.end
    inside, inclusive = Range(cell, False, end), Range(cell, True, end)
    outside = [Range(BEFORE, False, end), Range(BEHIND, False, BEHIND + (1,)), Range((), False, end),
               Range(pair.root[:-1], True, end), Range(end, True, end + (1,))]
    long = [Range(cell + (1,) * (length - len(cell)), False, end) for length in (LONGEST_OID - 1, LONGEST_OID)]
    for sentence, arguments, more in [
            ("of another session", [[inside]], {"session_id": 99}),
            ("in a context", [[inside]], {"flags": agentx.NON_DEFAULT_CONTEXT, "context": b"other"}),
            ("in a context without a name", [[inside]], {"flags": agentx.NON_DEFAULT_CONTEXT}),
            ("without an end", [[Range(cell, False, ()), Range(first, True, ())]], {}),
            ("that ends where it begins", [[Range(cell, False, cell), Range(cell, True, cell)]], {}),
            ("that ends behind its beginning", [[Range(cell, True, cell + (0,))]], {}),
            ("that ends before it begins", [[Range(cell, True, first), Range(cell, False, BEFORE)]], {}),
            ("of the root", [[Range(pair.root, False, end), Range(pair.root, True, end)]], {}),
            ("outside the MIB", [outside], {}),
            ("inside and outside the MIB", [[inside, *outside, inclusive]], {}),
            ("of one varbind twice", [[inside, inside, inclusive, inclusive]], {}),
            ("of names as long as can be", [long], {}),
            ("of a largest sub-identifier", [[Range(pair.root + (LARGEST_PART,), False, end)]], {}),
            ("in network octet order", [[inside, inclusive]], {"flags": agentx.NETWORK_BYTE_ORDER})]:
        for kind, name in ((agentx.GETNEXT, "GetNext"), (agentx.GET, "Get")):
            message, same = pair.ask(kind, *arguments, **more)
            tap.ok(same, "a %s %s gets the same octets" % (name, sentence), message.hex(" ", 4))


def test_large(pair, walk):
    """Up to what Net-SNMP's parser takes, 65,536 octets."""
    many = [Range(oid, False, pair.end) for oid in walk.oids]
    many = (many * (400 // len(many) + 1))[:400]
    tap.ok(pair.ask(agentx.GETNEXT, many)[1], "a GetNext of 400 ranges gets the same octets")


def test_stream(pair, walk):
    """Net-SNMP and the short cut read from one stream: the latter must not begin in the middle of a message."""
    # What snmpd sends is whole; what is in pieces, and what is behind it, is Net-SNMP's to put together.
    ranges = [Range(oid, False, pair.end) for oid in walk.oids[:9]]
    outside = [Range(BEFORE, False, pair.end)]
    messages = [[connection.message(agentx.GETNEXT, item) for item in
                 (ranges[:1], ranges, outside, ranges[1:3], outside, outside, ranges[3:4])]
                for connection in pair.connections]
    size = sum(map(len, messages[0]))
    different = []
    for cuts in [()] + [(cut,) for cut in range(1, size, 23)] + [(cut, cut + 30) for cut in range(1, size - 30, 61)]:
        answers = []
        for connection, parts in zip(pair.connections, messages):
            stream = b"".join(parts)
            for begin, end in zip((0, *cuts), (*cuts, size)):
                connection.send(stream[begin:end])
                connection.wait_until_read()
            answers.append(sorted(pair.comparable(connection.receive_response()) for _ in parts))
        different += [] if answers[0] == answers[1] else [cuts]
    tap.ok(not different, "messages that come in pieces, or several at once, are all answered the same", *different[:9])


def test_nested(pair, walk):
    """A message that stands in another one, as the end of a name, is none: also if a read begins with it."""
    question = [Range(walk.oids[0], False, pair.end)]
    wrong = []
    for connection in pair.connections:
        inner = connection.message(agentx.GETNEXT, question)
        name = (1, 2, *struct.unpack("<%dI" % (len(inner) // 4), inner))
        outer = connection.message(agentx.GET, [Range(name, False, ())])
        begin = outer.index(inner)
        for piece in (outer[:begin], outer[begin:begin + len(inner)], outer[begin + len(inner):]):
            connection.send(piece)
            connection.wait_until_read()
        last = connection.message(agentx.GET, question)
        connection.send(last)
        packets = [agentx.packet_of(connection.receive_response()) for _ in range(2)]
        wanted = [agentx.packet_of(message) for message in (outer, last)]
        wrong += [] if sorted(packets) == wanted else [(packets, wanted)]
    tap.ok(not wrong, "a message inside of another one is not answered", *wrong)


def test_path(pair, walk):
    """Net-SNMP's agent gets its requests through a pipe."""
    questions, before = [Range(oid, False, pair.end) for oid in walk.oids[:100]], pair.pipe_calls()
    for question in questions:
        pair.ask(agentx.GETNEXT, [question])
    taken, normal = (after - start for after, start in zip(pair.pipe_calls(), before))
    tap.ok(taken < len(questions) / 4 and normal >= len(questions),
           "%d requests in the MIB go through no pipe: the short cut is one" % len(questions),
           "with it %d writes, without it %d" % (taken, normal))
    before = pair.pipe_calls()
    for question in questions:
        pair.ask(agentx.GETNEXT, [question, Range(BEFORE, False, pair.end)])
    taken, normal = (after - start for after, start in zip(pair.pipe_calls(), before))
    tap.ok(taken >= len(questions) and normal >= len(questions), "those that are not wholly in it do",
           "with it %d writes, without it %d" % (taken, normal))


def main():
    if sys.byteorder != "little":
        raise tap.Skip("agentx.py reads little-endian messages only")
    for directory in sorted(glob.glob(os.path.join(SOURCE, "testdata", "*", ""))):
        file, scenario = os.path.join(directory, "sysfs.tree"), os.path.basename(os.path.dirname(directory))
        if not os.path.exists(file):
            continue
        with Workspace() as workspace:
            pair = Pair(workspace, workspace.enter(Tree(workspace, file, faults=False)))
            walk = test_walks(pair, scenario)
            if scenario in SCENARIOS:
                for test in (test_getnext, test_get, test_unusual, test_large, test_stream, test_nested, test_path):
                    test(pair, walk)
            for agent in pair.agents:
                agent.kill9()           # it would look for its master, whom nobody plays any more


if __name__ == "__main__":
    with tap.points():
        main()
