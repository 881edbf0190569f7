#!/usr/bin/env python3
"""Holds what whoever knows a community can ask: names of all lengths and extremes, repetitions without end, hundreds of
varbinds, sets, wrong contexts, broken messages, and 16 clients at once.

Every answer is held against what the tree's files say. SECONDS says how long the clients ask (a minute), ABUSE_SEED
what they ask.
"""

import collections
import itertools
import os
import random
import threading
import time

import ber
import snmp
import tap
from harness import UNHURRIED, Agent, Master, Tree, Workspace, serving, serving_whole, wait_for
from trees import fleet, scenario
from truth import Truth, ask_all, complaints

SECONDS = float(os.environ.get("SECONDS", 60))
SEED = int(os.environ.get("ABUSE_SEED", time.time()))
CLIENTS = 16
RESPONSIVE = 1.0            # s within which the rest of snmpd answers, whatever is asked of us
GROWTH = 1 << 20            # octets of memory that may be the allocator's
LONGEST_OID, LARGEST_PART = 128, 2**32 - 1
EXTREMES = (0, 1, 127, 128, 2**31 - 1, 2**31, LARGEST_PART)
SYS_UP_TIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
CONTEXT = "elsewhere"


def rest_of_snmpd(port):
    """How long snmpd takes to answer for itself; None if it does not."""
    with ber.Client(port, timeout=10) as client:
        answer = client.ask(ber.GET, [SYS_UP_TIME])
    return answer and answer.seconds


# --- Names ---

def extreme(chance, length):
    return tuple(chance.choice(EXTREMES) for _ in range(length))


def test_extreme_names(client, truth, chance):
    for kind, verb in (ber.GET, "GET"), (ber.GETNEXT, "GETNEXT"):
        oids = [truth.root + extreme(chance, length - len(truth.root)) for _ in range(4)
                for length in range(len(truth.root), LONGEST_OID + 1)]
        wrong = ask_all(client, truth, kind, oids)
        tap.ok(not wrong, "%s of each of %d names in the MIB, of up to 128 extreme sub-identifiers, is right"
               % (verb, len(oids)), *wrong[:10])
    oids = [first + extreme(chance, length) for length in range(LONGEST_OID - 1) for first in ((0, 0), (1, 3), (2, 39))]
    wrong = [oid for oid in oids for kind in (ber.GET, ber.GETNEXT) if client.ask(kind, [oid]) is None]
    tap.ok(not wrong, "each of %d such names anywhere, from 2 sub-identifiers on, is answered" % len(oids), *wrong[:10])


def test_names_around_cells(client, truth, chance):
    """Every beginning of every name, and what an extreme sub-identifier or a tail of them makes of it."""
    oids = set()
    for oid in truth.oids:
        for length in range(len(truth.root), len(oid) + 1):
            oids.add(oid[:length])
            oids.add(oid[:length] + (chance.choice(EXTREMES),) * (LONGEST_OID - length))
            oids.add(oid[:length - 1] + (chance.choice(EXTREMES),) + oid[length:])
    oids = sorted(oid for oid in oids if truth.is_within(oid))
    for kind, verb in (ber.GETNEXT, "GETNEXT"), (ber.GET, "GET"):
        wrong = ask_all(client, truth, kind, oids, 20)
        tap.ok(not wrong, "%s of each of %d names that begin like one of the walk is right" % (verb, len(oids)),
               *wrong[:10])


def test_names_too_long(client, truth):
    """An OID has at most 128 sub-identifiers: RFC 2578, 3.5."""
    client.timeout = 0.2
    answers = [client.ask(kind, [truth.oids[0] + (1,) * (length - len(truth.oids[0]))])
               for kind in (ber.GET, ber.GETNEXT, ber.GETBULK) for length in (129, 130, 200, 1000)]
    client.timeout = 5
    wrong = [answer for answer in answers if answer and not answer.error]
    wrong += ask_all(client, truth, ber.GET, truth.oids[:3])
    tap.ok(not wrong, "a name of more than 128 gets no answer or an error, and the next request its answer", *wrong)


# --- Requests ---

def test_bulk(client, truth):
    columns = [truth.root + (1, 3, 1, column) for column in (2, 5, 6, 34)]
    limits = (0, 1, 10, 100, 2**31 - 1)
    wrong, slowest = [], 0.0
    for oids in [truth.root], columns, [truth.oids[-1]], truth.oids[-3:], [truth.root] * 50:
        for non_repeaters, repetitions in itertools.product(limits + (-1, -2**31), limits + (-1, -2**31)):
            answer = client.ask(ber.GETBULK, oids, non_repeaters, repetitions)
            if answer is None:
                wrong.append("no answer to %d, %d" % (non_repeaters, repetitions))
                continue
            slowest = max(slowest, answer.seconds)
            once = min(max(non_repeaters, 0), len(oids))
            if once == len(oids) or repetitions > 0:
                complaint = truth.wrong_bulk(oids, once, answer.varbinds)
                wrong += [complaint] if complaint else []
    tap.ok(not wrong, "GETBULK is right with any number of repetitions and non-repeaters, up to 2^31-1 and below 0",
           *wrong[:10])
    tap.note("the slowest took %.3f s" % slowest)


def test_many_varbinds(client, truth):
    short = [oid for oid in truth.oids if len(oid) < 25]
    for kind, verb in (ber.GET, "GET"), (ber.GETNEXT, "GETNEXT"):
        for count in 100, 300, 600:
            oids = list(itertools.islice(itertools.cycle(short), count))
            wrong = complaints(truth, kind, oids, client.ask(kind, oids))
            tap.ok(not wrong, "%s of %d varbinds in one request is right" % (verb, count), *wrong[:10])


def test_too_many_varbinds(master, truth):
    """More than the 65,536 octets that Net-SNMP takes for one AgentX message: doc/limits.md."""
    start = truth.root + (1, 3, 1, 2)
    for kind, verb, count, length in (ber.GETNEXT, "GETNEXT", 1500, 20), (ber.GET, "GET", 400, LONGEST_OID):
        with ber.Client(master.port) as client:
            number = client.send(kind, [start + (1,) * (length - len(start))] * count)
            waits = [rest_of_snmpd(master.port) for _ in range(20)]
            answer = client.receive(number)
        tap.ok(answer is not None and answer.error == ber.GEN_ERR, "%s of %d names of %d sub-identifiers does not fit "
               "in a message of AgentX: genErr" % (verb, count, length), answer)
        tap.ok(None not in waits and max(waits) < RESPONSIVE, "meanwhile the rest of snmpd answers", waits)
        start_of_wait = time.monotonic()
        serving(master)
        with ber.Client(master.port) as client:
            wrong = ask_all(client, truth, ber.GET, truth.oids[::5])
        tap.ok(not wrong, "and the MIB is back by itself", *wrong[:5])
        tap.note("error after %.1f s, all back %.1f s later"
                 % (answer.seconds if answer else -1, time.monotonic() - start_of_wait))


def test_v1(master, truth):
    """SNMPv1 has no Counter64: what does not exist for it is stepped over, or no such name. RFC 2576, 4.2.2.1."""
    with ber.Client(master.port, ber.V1, timeout=10) as client:
        oids = [oid for oid in truth.oids if oid < truth.known_to_v1[-1]]
        oids = [truth.root + (1, table) for table in range(1, 7)] + oids[::5]
        wrong, slowest = [], 0.0
        for oid in oids:
            answer = client.ask(ber.GETNEXT, [oid])
            wrong += complaints(truth, ber.GETNEXT, [oid], answer, truth.known_to_v1)
            slowest = max(slowest, answer.seconds if answer else client.timeout)
        tap.ok(not wrong, "SNMPv1: GETNEXT from %d names steps over every Counter64" % len(oids), *wrong[:10])
        tap.note("the slowest took %.3f s" % slowest)
        counters = [oid for oid in truth.oids if truth.cells[oid][0] == ber.COUNTER64]
        wrong = [answer for oid in counters[::7]
                 for answer in [client.ask(ber.GET, [truth.known_to_v1[0], oid, truth.known_to_v1[1]])]
                 if answer is None or (answer.error, answer.index) != (ber.NO_SUCH_NAME, 2)]
        tap.ok(not wrong, "SNMPv1: GET of a Counter64 is noSuchName, and the index says which", *wrong[:5])


SET_VALUES = [(ber.INTEGER, 1), (ber.INTEGER, -2**31), (ber.OCTETS, b""), (ber.OCTETS, b"x" * 1000), (ber.NULL, b""),
              (ber.OID, (1, 3)), (ber.OID, (1,) * 128), (ber.IP_ADDRESS, b"\x7f\0\0\1"), (ber.COUNTER32, 2**32 - 1),
              (ber.GAUGE, 0), (ber.TIMETICKS, 1), (ber.OPAQUE, b"\x9f\x78\4\0\0\0\0"), (ber.COUNTER64, 2**64 - 1)]


def test_set(master, truth):
    """Nothing can be written, whatever the type, and whoever may write."""
    index = next(oid for oid in truth.oids if oid[len(truth.root):][:4] == (1, 3, 1, 2))[len(truth.root) + 4:]
    port, counter = truth.root + (1, 3, 1), truth.root + (1, 4, 1, 13)
    targets = [truth.root, truth.oids[0], truth.oids[-1], port + (6,) + index, port + (1,) + index, counter + index,
               port + (6, 1, 63, 9), truth.root + (9, 9)]
    for version, community, refusals in (
            (ber.V2C, snmp.WRITE_COMMUNITY, {ber.NOT_WRITABLE, ber.WRONG_TYPE}),
            (ber.V2C, snmp.COMMUNITY, {ber.NO_ACCESS, ber.WRONG_TYPE}),
            (ber.V1, snmp.WRITE_COMMUNITY, {ber.NO_SUCH_NAME, ber.BAD_VALUE})):
        with ber.Client(master.port, version, community) as client:
            got = collections.Counter()
            for oid, value in itertools.product(targets, SET_VALUES):
                if (version, value[0]) != (ber.V1, ber.COUNTER64):
                    answer = client.ask(ber.SET, [(oid, *value)])
                    got[answer and answer.error] += 1
            answer = client.ask(ber.SET, [(oid, *value) for oid in targets for value in SET_VALUES[:4]])
            got[answer and answer.error] += 1
        # What no SET may carry, as a NULL, snmpd refuses by itself.
        tap.equal(set(got), refusals, "SNMPv%s: SET of values of %d kinds is refused to %s" % (
            "2c" if version else "1", len(SET_VALUES), community))
    with ber.Client(master.port) as client:
        wrong = ask_all(client, truth, ber.GET, [oid for oid in targets if oid in truth.cells])
    tap.ok(not wrong, "and every value is what it was", *wrong)


def test_context(master, truth):
    """The MIB is in the default context, and there is no other: snmpd drops what asks for one (RFC 3413, 3.2)."""
    kinds = (ber.GET, ber.GETNEXT, ber.GETBULK, ber.SET)
    with ber.Client(master.port, community=CONTEXT, timeout=0.3) as client:
        answers = [client.ask(kind, [oid]) for oid in truth.oids[:2] for kind in kinds]
    tap.equal(answers, [None] * len(answers), "a community that stands for another context gets no answer")
    answer = master.client("3", numeric=True, timeout=0.3).run("snmpget", snmp.print_oid(truth.oids[0]),
                                                               options=["-n", CONTEXT])
    tap.equal(answer.lines, [], "nor does SNMPv3 in that context")
    with ber.Client(master.port, community="guess", timeout=0.3) as client:
        tap.ok(client.ask(ber.GET, truth.oids[:1]) is None, "nor does a wrong community")
    with ber.Client(master.port) as client:
        wrong = ask_all(client, truth, ber.GET, truth.oids[::5])
    tap.ok(not wrong, "and the default context is as it was", *wrong[:5])


def test_broken_messages(master, truth, chance):
    whole = [ber.encode_message(version, snmp.COMMUNITY, kind, 1, [chance.choice(truth.oids) for _ in range(3)], 1, 5)
             for version in (ber.V1, ber.V2C) for kind in (ber.GET, ber.GETNEXT, ber.SET, ber.GETBULK, ber.RESPONSE)]
    waits = []
    with ber.Client(master.port) as client:
        for round_ in range(2000):
            octets = bytearray(chance.choice(whole))
            for _ in range(chance.randint(1, 4)):
                octet = chance.choice((0, 1, 0x7f, 0x80, 0x84, 0xff, chance.randrange(256)))
                octets[chance.randrange(len(octets))] = octet
            client.send_octets(bytes(octets[:chance.choice((len(octets), chance.randrange(len(octets)))) or 1]))
            if round_ % 100 == 0:
                waits.append(rest_of_snmpd(master.port))
    with ber.Client(master.port) as client:
        wrong = ask_all(client, truth, ber.GET, truth.oids)
    tap.ok(None not in waits and max(waits) < RESPONSIVE and not wrong,
           "2,000 broken messages later every cell is answered as before", waits, *wrong[:5])


# --- Many at once ---

class Abuser(threading.Thread):
    """A client that asks for anything, and holds every answer against the truth."""

    def __init__(self, port, truth, seed, end):
        super().__init__(daemon=True)
        self.port, self.truth, self.chance, self.end = port, truth, random.Random(seed), end
        self.requests, self.wrong, self.slowest = 0, [], 0.0

    def run(self):
        with ber.Client(self.port, chosen_version(self.chance), timeout=10) as client:
            while time.monotonic() < self.end and len(self.wrong) < 10:
                self.requests += 1
                self.chance.choice((self.get, self.getnext, self.bulk, self.walk))(client)

    def check(self, client, kind, oids):
        v1 = client.version == ber.V1
        if kind == ber.GET and v1:
            oids = [self.chance.choice(self.truth.known_to_v1) for _ in oids]
        answer = client.ask(kind, oids)
        self.slowest = max(self.slowest, answer.seconds if answer else client.timeout)
        self.wrong += complaints(self.truth, kind, oids, answer, self.truth.known_to_v1 if v1 else None)
        return answer

    def some(self):
        oids = self.truth.known_to_v1[:-1]
        return [self.chance.choice(oids) for _ in range(self.chance.choice((1, 5, 30)))]

    def get(self, client):
        self.check(client, ber.GET, self.some())

    def getnext(self, client):
        tail = extreme(self.chance, self.chance.randint(0, 3))
        self.check(client, ber.GETNEXT, [oid[:self.chance.randint(len(self.truth.root), len(oid))] + tail
                                         for oid in self.some() if len(oid) < 100 and self.is_early(oid)] or
                   [self.truth.root])

    def is_early(self, oid):
        """True if a name like this one, with something behind it, has a next one of ours that SNMPv1 knows."""
        return oid[:len(self.truth.root) + 2] < self.truth.known_to_v1[-1][:len(self.truth.root) + 2]

    def bulk(self, client):
        if client.version == ber.V1:
            self.getnext(client)
            return
        oids = self.some()[:10]
        answer = client.ask(ber.GETBULK, oids, 0, self.chance.choice((1, 10, 2**31 - 1)))
        self.slowest = max(self.slowest, answer.seconds if answer else client.timeout)
        wrong = "no answer to GETBULK" if answer is None else self.truth.wrong_bulk(oids, 0, answer.varbinds)
        self.wrong += [wrong] if wrong else []

    def walk(self, client):
        oid = self.chance.choice(self.truth.known_to_v1[:-30])
        for _ in range(20):
            answer = self.check(client, ber.GETNEXT, [oid])
            if self.wrong:
                break
            oid = answer.varbinds[0][0]


def chosen_version(chance):
    return ber.V1 if chance.random() < 0.2 else ber.V2C


def abuse(master, truth, seconds):
    """The clients, when they are through, and how long snmpd took to answer for itself meanwhile."""
    end = time.monotonic() + seconds
    abusers = [Abuser(master.port, truth, "%d %d" % (SEED, number), end) for number in range(CLIENTS)]
    for abuser in abusers:
        abuser.start()
    waits = []
    while time.monotonic() < end:
        waits.append(rest_of_snmpd(master.port))
        time.sleep(0.05)        # not a client as busy as the others
    for abuser in abusers:
        abuser.join()
    return abusers, waits


def test_many_clients(master, agent, truth):
    abuse(master, truth, 5)      # until the allocator has what it needs
    before = agent.memory(), agent.descriptors()
    abusers, waits = abuse(master, truth, SECONDS)
    after = agent.memory(), agent.descriptors()
    requests, wrong = sum(abuser.requests for abuser in abusers), [text for abuser in abusers for text in abuser.wrong]
    tap.ok(not wrong, "%d clients at once get right answers to all they ask" % CLIENTS, *wrong[:10])
    tap.ok(None not in waits and max(waits) < RESPONSIVE, "the rest of snmpd answers within %g s" % RESPONSIVE, waits)
    tap.equal(after[1], before[1], "no descriptor is left open")
    if None in (before[0], after[0]):
        tap.skip("memory does not grow", "a sanitizer keeps what is freed")
    else:
        tap.ok(after[0] - before[0] <= GROWTH, "memory does not grow", before[0], after[0])
        tap.note("resident before %d kB, after %d kB" % (before[0] // 1024, after[0] // 1024))
    tap.note("%d requests in %g s; the slowest took %.3f s; sysUpTime at most %.3f s"
             % (requests, SECONDS, max(abuser.slowest for abuser in abusers), max(filter(None, waits))))


def main():
    with tap.points(), Workspace() as workspace:
        tap.note("ABUSE_SEED=%d" % SEED)
        chance = random.Random(SEED)
        with open(scenario("name-order"), encoding="utf-8") as odd_names:
            tree_file = workspace.write("tree", odd_names.read() + fleet(2))
        tree = workspace.enter(Tree(workspace, tree_file, faults=False))
        # agentXRetries as in snmpd.conf.example; a community for another context.
        master = workspace.enter(Master(workspace, """
agentXRetries 0
com2sec -Cn {0} {0} default {0}
group {0} v2c {0}
view all included .1
access {0} {0} any noauth exact all none none
""".format(CONTEXT)))
        agent = workspace.enter(Agent(workspace, master, tree.root, *UNHURRIED))
        serving_whole(master)
        truth = Truth(tree_file, snmp.translate("RDMA-PORT-MIB::rdmaPortMIB", master.client_directory))
        with ber.Client(master.port) as client:
            test_extreme_names(client, truth, chance)
            test_names_around_cells(client, truth, chance)
            test_names_too_long(client, truth)
            test_bulk(client, truth)
            test_many_varbinds(client, truth)
        test_v1(master, truth)
        test_set(master, truth)
        test_context(master, truth)
        test_broken_messages(master, truth, chance)
        test_many_clients(master, agent, truth)
        test_too_many_varbinds(master, truth)
        wait_for(lambda: agent.is_running() and master.is_running(), "both still run")


if __name__ == "__main__":
    main()
