"""Managers that never stop asking, and hold every answer against the truth."""

import re
import threading
import time
import traceback

import snmp
from ber import MISSING
from truth import Wrong

LONGEST_ANSWER = 3.0        # s without which an answer is missing
ABSENT = "absent without a fault"
PAUSE = 0.004               # s between requests of one client: enough for hundreds a second


LINE = re.compile(r"(\.[0-9.]+) = (?:(\w[\w-]*): )?(.*)", re.S)


def parse(line):
    """(OID, value) of a line that Net-SNMP printed; (None, None) of one that holds no cell."""
    match = LINE.fullmatch(line)
    if not match or "No more variables" in line or "No Such" in line:
        return None, None
    oid, kind, text = match.groups()
    if kind in ("STRING", None):
        return snmp.parse_oid(oid), text.strip('"').encode()
    if kind in ("Counter64", "Counter32", "Gauge32", "INTEGER"):
        return snmp.parse_oid(oid), int(text.split()[0])
    return snmp.parse_oid(oid), text


class Client(threading.Thread):
    """Asks in a loop until it is stopped."""
    pause = PAUSE

    def __init__(self, rig, chance):
        super().__init__()
        self.rig, self.truth, self.chance, self.objects = rig, rig.truth, chance, rig.objects
        self.requests = self.cells = self.unanswered = 0
        self.slowest = 0.0
        self.wrong, self.stopped = [], threading.Event()
        self.wire = rig.wire(LONGEST_ANSWER)

    def run(self):
        try:
            while not self.stopped.wait(self.pause):
                self.ask()
        except Exception:       # pylint: disable=broad-except
            self.complain("this client failed: " + traceback.format_exc(), (), None)
        self.wire.close()

    def ask(self):
        raise NotImplementedError

    def complain(self, what, oid, value):
        now, parsed = time.monotonic(), self.objects.parse(oid)
        devices = self.truth.owners(parsed[2], now - 90, now) if parsed else self.rig.devices
        self.wrong.append(Wrong(now, what, oid, value, devices))

    def await_truth(self):
        """A change that was made before an answer came is known to the truth when it is done."""
        with self.rig.lock:
            pass

    def note(self, answer, about):
        """Counts an answer; true if it can be judged."""
        self.await_truth()
        self.requests += 1
        if answer.cells is not None and not answer.error:
            self.cells += len(answer.cells)
            if not self.truth.may_fail(answer.start, answer.end):
                self.slowest = max(self.slowest, answer.end - answer.start)
            return True
        if self.truth.may_fail(answer.start, answer.end):
            self.unanswered += 1
        else:
            self.complain("no answer in %.2f s" % (answer.end - answer.start) if answer.cells is None else
                          "error-status %d" % answer.error, about, None)
        return False

    def judge(self, oid, value, start, end):
        what = self.truth.judge(oid, value, start, end)
        if what:
            self.complain(what, oid, value)

    def some_oids(self, count):
        """OIDs of cells of devices, by names that they have or had."""
        oids = []
        while len(oids) < count:
            device = self.chance.choice(self.rig.devices)
            oids.append(self.chance.choice(self.truth.oids(device, device.kept_name))[0])
        return oids


class Getter(Client):
    """GETs of some cells at a time: each is right, or absent with a reason."""

    def ask(self):
        oids = list(dict.fromkeys(self.some_oids(self.chance.choice((1, 5, 40)))))
        answer = self.wire.get(oids)
        if not self.note(answer, oids[0]):
            return
        required = None
        for oid, kind, value in answer.cells:
            if kind not in MISSING:
                self.judge(oid, value, answer.start, answer.end)
                continue
            if self.truth.may_fail(answer.start, answer.end):
                continue
            required = self.truth.required(answer.start, answer.end) if required is None else required
            if oid in required:
                self.complain(ABSENT, oid, None)


class Nexter(Client):
    """GETNEXTs and GETBULKs of anything: what comes is right, and nothing was stepped over."""

    def ask(self):
        oid = self.some_oids(1)[0]
        oid = oid[:self.chance.randrange(len(self.objects.root), len(oid) + 1)]
        repetitions = self.chance.choice((0, 0, 0, 10, 60))
        answer = self.wire.getbulk([oid], 0, repetitions) if repetitions else self.wire.getnext([oid])
        if not self.note(answer, oid):
            return
        start, end = answer.start, answer.end
        required = sorted(self.truth.required(start, end))
        for found, _, value in answer.cells:
            if found <= oid:
                self.complain("GETNEXT goes back", found, value)
            if not self.truth.may_fail(start, end):
                for skipped in required:
                    if oid < skipped < found:
                        self.complain(ABSENT, skipped, None)
            if found[:len(self.objects.root)] != self.objects.root:
                break
            self.judge(found, value, start, end)
            oid = found


class ProgramClient(Client):
    """Asks with Net-SNMP's programs."""

    def __init__(self, rig, chance):
        super().__init__(rig, chance)
        self.client = rig.master.client(numeric=True, timeout=LONGEST_ANSWER)

    def timed(self, program, *arguments):
        """What it prints, and when it was started and had ended."""
        start = time.monotonic()
        answer = program(*arguments)
        end = time.monotonic()
        self.await_truth()
        self.requests += 1
        return answer, start, end


class Walker(ProgramClient):
    """snmpbulkwalk of everything: complete, in order, right."""
    pause, walks = 0.2, 0

    def ask(self):
        answer, start, end = self.timed(self.client.bulkwalk, snmp.print_oid(self.objects.root),
                                        self.chance.choice((10, 25, 60)))
        self.walks += 1
        seen = {}
        for line in answer.lines:
            oid, value = parse(line)
            if oid:
                seen[oid] = value
                self.cells += 1
                self.judge(oid, value, start, end)
        if self.truth.may_fail(start, end):
            self.unanswered += answer.status != 0
            return
        if answer.status:
            self.complain("snmpbulkwalk: " + answer.error, self.objects.root, None)
            return
        if list(seen) != sorted(seen):
            self.complain("a walk goes back", self.objects.root, None)
        for oid in self.truth.required(start, end):
            if oid not in seen:
                self.complain(ABSENT, oid, None)


class OneGetter(ProgramClient):
    """snmpget of a few cells, as a script would."""
    pause = 0.1

    def ask(self):
        oids = list(dict.fromkeys(self.some_oids(10)))
        answer, start, end = self.timed(self.client.get, *map(snmp.print_oid, oids))
        may_fail = self.truth.may_fail(start, end)
        if answer.status:
            self.unanswered += may_fail
            if not may_fail:
                self.complain("snmpget: " + answer.error, oids[0], None)
            return
        required = self.truth.required(start, end)
        for line in answer.lines:
            if " = No Such" in line:
                oid = snmp.parse_oid(line.partition(" = ")[0])
                if oid in required and not may_fail:
                    self.complain(ABSENT, oid, None)
                continue
            oid, value = parse(line)
            self.cells += 1
            if oid:
                self.judge(oid, value, start, end)


class Changer(threading.Thread):
    """The hardware: counters rise, seldom fall, and states change."""

    def __init__(self, rig, chance, states=True):
        super().__init__()
        self.rig, self.chance, self.states = rig, chance, states
        self.changes, self.stopped, self.failure = 0, threading.Event(), None

    def run(self):
        try:
            while not self.stopped.wait(0.01):
                self.change()
        except Exception:       # pylint: disable=broad-except
            self.failure = traceback.format_exc()

    def change(self):
        device = self.chance.choice(self.rig.devices)
        for port, file in device.files:
            if file.startswith(("counters/", "hw_counters/")):
                if file == "counters/link_downed" and (not self.states or self.chance.random() > 0.02):
                    continue
                fall = device.versions.get((port, file), 0) // 2 if self.chance.random() < 0.002 else -1
                self.rig.bump(device, port, file, -fall if fall > 0 else 1)
            elif self.states and self.chance.random() < {"lid": 0.02, "node_guid": 0, "node_desc": 0}.get(file, 0.05):
                self.rig.bump(device, port, file)
            else:
                continue
            self.changes += 1
