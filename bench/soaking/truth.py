"""What the tree held, and what may be missing, at each moment; and whether an answer agrees with that.

A value is right if its file held it, and could be read, at some moment between FRESH seconds before the request and the
arrival of the answer. A cell may be absent only if it could not be read at a moment in that time, or while a fault and
the time that its healing may take say so.
"""

import collections
import math
import time

import fleet

KEPT = 150      # s of history
LONGEST_REFRESH = 0.7       # s, as doc/hangs.md promises
SESSION = 3.0   # s until an snmpd that answers has the subagent again: pings are 2 s apart
SLACK = 0.3     # s for everything else that takes time: threads to be scheduled, snmpd, the client

# devices: those that it may concern, by the name in the OID.
Wrong = collections.namedtuple("Wrong", "when what oid value devices")


class Steps:
    """What something was from when on: (begun, done, what) of each change."""

    def __init__(self, what):
        self.steps = [(-math.inf, -math.inf, what)]

    def add(self, begun, done, what):
        if len(self.steps) > 1 and self.steps[1][1] < begun - KEPT:
            cut = sum(step[1] < begun - KEPT for step in self.steps)
            self.steps = self.steps[cut - 1:]       # the last of the old ones was so until the first of the others
        self.steps = self.steps + [(begun, done, what)]     # never changed in place: others may be reading it

    def within(self, start, end):
        """(what, when it was replaced) of all that was so at some time from start to end."""
        steps = self.steps
        for i in range(len(steps) - 1, -1, -1):
            until = steps[i + 1][1] if i + 1 < len(steps) else math.inf
            if until < start:
                return
            if steps[i][0] <= end:
                yield steps[i][2], until

    def held(self, what, start, end):
        return any(step == what for step, _ in self.within(start, end))

    def always(self, start, end):
        """What it was all the time; None if that was None or more than one thing."""
        seen = {step for step, _ in self.within(start, end)}
        return seen.pop() if len(seen) == 1 else None


class Loss:
    """Something that may be missing of a device: files is a set of (port, file), None: all that is read."""

    def __init__(self, begin, files=None, rows=False):
        self.begin, self.end, self.files, self.rows = begin, math.inf, files, rows

    def overlaps(self, start, end):
        return self.begin <= end and self.end >= start


class Truth:
    """Of a fleet. Every method may be called by any thread; changes by one at a time."""

    def __init__(self, devices, objects, cache_ttl):
        self.devices, self.objects = devices, objects
        self.fresh = cache_ttl + LONGEST_REFRESH + SLACK
        self.names = {device: Steps(device.name) for device in devices}
        self.files = {(device, *key): Steps(device.text(*key)) for device in devices for key in device.files}
        self.losses = {device: [] for device in devices}
        self.hangs = {device: Steps(False) for device in devices}
        self.away = []              # Losses: times in which snmpd need not answer for the subagent
        self.machine = []           # (begin, end): times in which this machine did not run us
        self.oldest = 0.0           # s for which a value had been replaced when the request for it began
        self.judged = 0             # values
        self.demanded = self.excused = 0    # cells that had to be there; and those that only the machine excuses
        self._oids = {}

    # --- Changes ---

    def lose(self, device, files=None, rows=False, begin=None):
        loss = Loss(time.monotonic() if begin is None else begin, files, rows)
        now = time.monotonic()
        self.losses[device] = [old for old in self.losses[device] if old.end > now - KEPT] + [loss]
        return loss

    # --- Questions ---

    def owners(self, name, start, end):
        """The devices that had a name at some time."""
        return [device for device in self.devices if self.names[device].held(name, start, end)]

    def may_lack(self, device, port, file, start, end):
        """Whether a cell may be absent of an answer; "machine" if only because the machine did not run us."""
        start -= self.fresh
        if self.names[device].always(start, end) is None:
            return True
        if (device, port, file) in self.files and self.files[device, port, file].held(None, start, end):
            return True
        for loss in self.losses[device]:
            concerned = loss.rows if file == "row" else not loss.files or (port, file) in loss.files
            if concerned and loss.overlaps(start, end):
                return True
        return "machine" if file != "row" and self.machine_stood(start, end) else False

    def machine_stood(self, start, end):
        """Whether a device may be stalled only because nothing ran. It is tried again a second later."""
        return any(begin - 0.25 <= end and until + 2.5 >= start for begin, until in self.machine[-200:])

    def standstill(self, start, end):
        """For how many seconds nothing ran then."""
        return sum(until - begin for begin, until in self.machine[-200:] if begin <= end and until >= start)

    def may_fail(self, start, end):
        """Whether snmpd need not answer for us: it is away, or it has given us up because nothing ran for so long that an
        answer took more than the second that it waits."""
        return any(loss.overlaps(start, end) for loss in self.away) or self.standstill(start - SESSION, end) > SLACK

    def disturbed(self, device, start, end):
        return any(loss.overlaps(start - self.fresh, end) for loss in self.losses[device]) or \
            self.machine_stood(start - self.fresh, end)

    def oids(self, device, name):
        """(OID, cell) of each cell, in order."""
        if (device, name) not in self._oids:
            self._oids[device, name] = sorted((self.objects.of_cell(cell, name), cell) for cell in device.cells)
        return self._oids[device, name]

    def required(self, start, end):
        """OID -> cell of all that no answer of that time may lack."""
        wanted = {}
        for device in self.devices:
            name = self.names[device].always(start - self.fresh, end)
            if name is None:
                continue
            lacking = {}
            for oid, cell in self.oids(device, name):
                key = cell.port, cell.file
                if key not in lacking:
                    lacking[key] = self.may_lack(device, *key, start, end)
                if not lacking[key]:
                    wanted[oid] = cell
                self.excused += lacking[key] == "machine"
        self.demanded += len(wanted)
        return wanted

    # --- Judgement ---

    def judge(self, oid, value, start, end):
        """What is wrong with a value that came; None if nothing is. start, end: of the request."""
        self.judged += 1
        parsed = self.objects.parse(oid)
        if not parsed:
            return None
        table, name, device_name, port, counter = parsed
        since = start - self.fresh - self.standstill(start - self.fresh, end)   # by so much may a value be older
        owners = self.owners(device_name, since, end)
        if not owners:
            return "a row of a device that is not there"
        if port and not any(port in device.ports for device in owners):
            return "a row of a port that is not there"
        if name in ("rdmaDeviceStatus", "rdmaPortStatus"):
            return self.judge_status(owners, value, start, end)
        if name in ("rdmaPortName", "rdmaDeviceKernelName"):
            wanted = "%s/%d" % (device_name, port) if port else device_name
            return None if value == wanted.encode() else "another name"
        if name in ("rdmaCounterValue", "rdmaDeviceCounterValue"):
            return self.judge_cell(owners, port, "hw_counters/" + counter, 1, value, since, start, end)
        if name in fleet.PORT_OBJECTS or name in fleet.DEVICE_OBJECTS:
            file, scale = (fleet.PORT_OBJECTS if port else fleet.DEVICE_OBJECTS)[name]
            return self.judge_cell(owners, port, file, scale, value, since, start, end)
        return "a counter whose file does not exist" if table in (4, 5) else None

    def judge_cell(self, owners, port, file, scale, value, since, start, end):
        late = None
        for device in owners:
            steps = self.files.get((device, port, file))
            for text, until in steps.within(since - fleet.SLOW.get(file, 0), end) if steps else ():
                if fleet.value_of(text, file, scale) == value:
                    late = min(max(0.0, start - until), math.inf if late is None else late)
        if late is None:
            return self.explain(owners, port, file, scale, value)
        if file not in fleet.SLOW and since == start - self.fresh:
            self.oldest = max(self.oldest, late)
        return None

    def explain(self, owners, port, file, scale, value):
        """Why a value is wrong: is it one of old, or whose?"""
        if value == 0:
            return "0"
        for device in owners:
            steps = self.files.get((device, port, file))
            for text, until in steps.within(-math.inf, math.inf) if steps else ():
                if fleet.value_of(text, file, scale) == value:
                    return "stale: replaced, or not to be read, %.3f s before the answer" % (time.monotonic() - until)
        for (device, number, name), steps in list(self.files.items()):
            held = {fleet.value_of(text, file, scale) for text, _ in steps.within(-math.inf, math.inf) if name == file}
            if value in held:
                return "the value of %r, port %d" % (device, number)
        return "no value of any device"

    def judge_status(self, owners, value, start, end):
        if any(self.disturbed(device, start, end) or self.names[device].always(start - self.fresh, end) is None
               for device in owners):
            hung = len(owners) == 1 and self.hangs[owners[0]].always(start - self.fresh, end)
            if hung and value != 4 and not self.machine_stood(start - self.fresh, end):
                return "status %s while it hangs" % value
            return None
        return None if value == 1 else "status %s without a fault" % value
