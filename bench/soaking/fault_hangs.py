"""Reads that do not return, and reads that take their time."""

import time

import fleet
from fault import PROBED, Fault
from harness import wait_for
from rig import lost_for_a_while


class OfFile:
    """What makes a fault of all reads of a device one of a single counter."""

    def inject(self):
        self.file = self.random_file(fleet.PORT_NUMBERS)
        super().inject()

    def place(self):
        return self.device.path(*self.file)

    def files(self):
        return [self.file]


class Hang(Fault):
    """Every read of the device hangs."""
    title = "every read of one device hangs"

    def place(self):
        return self.path()

    def files(self):
        return self.device.files

    def inject(self):
        self.lose()
        with self.rig.change() as done:
            self.rig.tree.hang(self.place())
            self.rig.block(self.device, self.files(), done(), hang=True)
            self.rig.truth.hangs[self.device].add(*done(), True)

    def heal(self):
        self.bound = PROBED
        with self.rig.change() as done:
            self.rig.truth.hangs[self.device].add(*done(), False)
            self.rig.tree.release(self.place())
            self.rig.unblock(self.device, self.files(), done())


class HangOfFile(OfFile, Hang):
    """One counter hangs: the device cannot be read on, since the kernel does not give the thread back."""
    title = "one counter file hangs"


class HangAtFirstRead(Fault):
    """A device that hangs from its registration on: not even its ports are known."""
    title = "a new device hangs at its first read"

    def inject(self):
        self.lose(rows=True)
        name = self.device.name
        self.rig.remove(self.device)
        self.rig.add(self.device, name, before_link=lambda: self.rig.tree.hang(self.device.place()))
        with self.rig.change() as done:
            self.rig.block(self.device, self.device.files, done(), hang=True)

    def heal(self):
        self.bound = PROBED
        with self.rig.change() as done:
            self.rig.tree.release(self.path())
            self.rig.unblock(self.device, self.device.files, done())


class HangAndRemoval(Fault):
    """A device that hangs, is removed and comes back."""
    title = "a hung device is removed, then added"

    def inject(self):
        self.lose(rows=True)
        with self.rig.change() as done:
            self.rig.tree.hang(self.path())
            self.rig.block(self.device, self.device.files, done(), hang=True)
        time.sleep(0.2)
        self.rig.remove(self.device)

    def heal(self):
        self.rig.add(self.device, self.device.kept_name)
        with self.rig.change() as done:
            self.rig.unblock(self.device, self.device.files, done())


class Delay(Fault):
    """Every read of the device takes its time."""
    milliseconds = 5

    def place(self):
        return self.path()

    def inject(self):
        self.lose()
        self.rig.tree_command("delay", self.place(), self.milliseconds)

    def heal(self):
        # It is tried after 1, 2, 4... s: the longest wait is a bit longer than all before it together.
        self.bound = 0 if self.milliseconds <= 5 else PROBED + 1.5 * (time.monotonic() - self.begun)
        self.rig.tree_command("delay", self.place(), 0)


class DelayOfFile(OfFile, Delay):
    """One counter takes its time."""


def delay(milliseconds, base=Delay):
    what = "each read of one device" if base is Delay else "one counter file"
    return type("Delay%d" % milliseconds, (base,), {"milliseconds": milliseconds,
                                                   "title": "%s takes %d ms" % (what, milliseconds)})


class HangOfSeveral(Hang):
    """Every read of three devices hangs."""
    title, many = "every read of 3 devices hangs", 3

    def devices(self):
        first = self.rig.devices.index(self.device)
        return [self.rig.devices[(first + i) % len(self.rig.devices)] for i in range(self.many)]

    def inject(self):
        self.parts = [Hang(self.rig, device, self.chance) for device in self.devices()]

    def heal(self):
        self.bound = PROBED
        for part in self.parts:
            part.end()
        self.losses = [loss for part in self.parts for loss in part.losses]


class HangOfAll(HangOfSeveral):
    title, many = "every read of all 12 devices hangs", 12


class HangAtStart(Hang):
    """The subagent is started while a device hangs."""
    title = "a device hangs when the subagent starts"

    def inject(self):
        super().inject()
        self.losses[0].rows = True
        self.away = lost_for_a_while(self.rig)
        self.rig.agent.stop()
        self.rig.agent.start()
        wait_for(self.rig.master.serves, "the subagent serves")
        self.away.end = time.monotonic()


HANGS = [Hang, HangOfFile, HangAtFirstRead, HangAndRemoval]
DELAYS = [delay(ms) for ms in (5, 50, 240, 260)] + [delay(ms, DelayOfFile) for ms in (50, 240, 260)]
MORE_HANGS = [HangOfSeveral, HangOfAll, HangAtStart]
