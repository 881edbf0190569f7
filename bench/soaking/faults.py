"""Everything that is made to go wrong: how, for how long, what may be missing meanwhile, and how soon after its end all is
whole again."""

import os
import re
import time

import fleet
from harness import Agent, wait_for
from rig import lost_for_a_while

REFUSED, REFUSED_STATE, LISTED_AGAIN = 60, 5, 60    # s until what refused is asked again
PROBED = 1.0                # s from a hang's end, at the soonest, until the device is tried
SESSION = 3.0               # s until a master that answers has the subagent again: pings are 2 s apart
MORE_REFUSALS = ("EINVAL", "EOPNOTSUPP", "EACCES")


class Fault:
    """One that has been injected. heal() ends it; by bound seconds later, and a refresh, everything is whole."""

    bound = 0.0
    lasts, shown = (0.5, 3.0), 2.0      # s: in the soak, and in the table of bench/reliability
    together = False            # the table may have it on many devices at once: each loses its own and nothing else
    is_alone = False            # is not to meet other faults of devices: what comes of both is not simple to tell

    def __init__(self, rig, device, chance):
        self.rig, self.device, self.chance = rig, device, chance
        self.begun, self.healed, self.whole = time.monotonic(), None, None
        self.losses = []
        self.inject()

    def devices(self):
        return [self.device]

    def lose(self, files=None, rows=False, device=None):
        self.losses.append(self.rig.truth.lose(device or self.device, files, rows))

    def end(self):
        self.heal()
        self.healed = time.monotonic()
        for loss in self.losses:
            loss.end = self.healed + self.bound

    def is_over(self):
        return self.rig.is_whole(self.devices())

    def settle(self):
        """Everything is whole: nothing may be missing any more."""
        for loss in self.losses:
            loss.end = min(loss.end, time.monotonic())

    def describe(self):
        return "%r %s" % (self.device, getattr(self, "file", getattr(self, "directory", "")))

    def path(self):
        return fleet.CLASS + self.device.name

    def random_file(self, files):
        return self.chance.choice(self.device.ports), self.chance.choice(files)


# --- Hangs and delays ---

class Hang(Fault):
    """Every read of the device hangs."""
    title = "every read of one device hangs"

    def inject(self):
        self.lose()
        with self.rig.change() as done:
            self.rig.tree.hang(self.path())
            self.rig.block(self.device, self.device.files, done(), hang=True)
            self.rig.truth.hangs[self.device].add(*done(), True)

    def heal(self):
        self.bound = PROBED
        with self.rig.change() as done:
            self.rig.truth.hangs[self.device].add(*done(), False)
            self.rig.tree.release(self.path())
            self.rig.unblock(self.device, self.device.files, done())


class HangOfFile(Fault):
    """One counter hangs: the device cannot be read on, since the kernel does not give the thread back."""
    title = "one counter file hangs"

    def inject(self):
        self.file = self.random_file(fleet.PORT_NUMBERS)
        self.lose()
        with self.rig.change() as done:
            self.rig.tree.hang(self.device.path(*self.file))
            self.rig.block(self.device, [self.file], done())
            self.rig.truth.hangs[self.device].add(*done(), True)

    def heal(self):
        self.bound = PROBED
        with self.rig.change() as done:
            self.rig.truth.hangs[self.device].add(*done(), False)
            self.rig.tree.release(self.device.path(*self.file))
            self.rig.unblock(self.device, [self.file], done())


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
        self.name = self.device.name
        time.sleep(0.2)
        self.rig.remove(self.device)

    def heal(self):
        self.rig.add(self.device, self.name)
        with self.rig.change() as done:
            self.rig.unblock(self.device, self.device.files, done())


class Delay(Fault):
    """Every read of the device takes its time."""
    milliseconds = 5

    def inject(self):
        self.lose()
        self.rig.tree_command("delay", self.path(), self.milliseconds)

    def heal(self):
        # It is tried after 1, 2, 4... s: the longest wait is a bit longer than all before it together.
        self.bound = 0 if self.milliseconds <= 5 else PROBED + 1.5 * (time.monotonic() - self.begun)
        self.rig.tree_command("delay", self.path(), 0)


class DelayOfFile(Delay):
    """One counter takes its time."""

    def inject(self):
        self.file = self.random_file(fleet.PORT_NUMBERS)
        self.lose()
        self.rig.tree_command("delay", self.device.path(*self.file), self.milliseconds)

    def heal(self):
        self.bound = PROBED + 1.5 * (time.monotonic() - self.begun)
        self.rig.tree_command("delay", self.device.path(*self.file), 0)


def delay(milliseconds, base=Delay):
    what = "each read of one device" if base is Delay else "one counter file"
    return type("Delay%d" % milliseconds, (base,), {"milliseconds": milliseconds,
                                                   "title": "%s takes %d ms" % (what, milliseconds)})


# --- Errors ---

class FileError(Fault):
    """One file fails: its cells are lost, and no other."""
    error, files, opens, hurried = "EIO", fleet.PORT_NUMBERS, False, False
    together = True

    def inject(self):
        self.file = self.random_file(self.files)
        self.lose({self.file})
        path = self.device.path(*self.file)
        if self.opens:
            times = self.rig.readd(self.device)         # or it would still be open
            self.readded(times)
        with self.rig.change() as done:
            (self.rig.tree.fail_open if self.opens else self.rig.tree.fail)(path, self.error)
            self.rig.block(self.device, [self.file], done())

    def readded(self, times):
        loss = self.rig.truth.lose(self.device, rows=True, begin=times[0])
        loss.end = times[1]

    def heal(self):
        if self.error in MORE_REFUSALS:
            self.bound = REFUSED_STATE if self.hurried and not self.opens else REFUSED
        with self.rig.change() as done:
            path = self.device.path(*self.file)
            (self.rig.tree.fail_open if self.opens else self.rig.tree.fail)(path, 0)
            self.rig.unblock(self.device, [self.file], done())


class ListingError(Fault):
    """A directory of counters cannot be listed when its device is registered: it is listed again 5 s later and once a
    minute."""
    error, together, shown = "EIO", True, 6.0

    def inject(self):
        port = self.chance.choice(self.device.ports)
        self.directory = "ports/%d/%s" % (port, self.chance.choice(("counters", "hw_counters")))
        self.files = {(port, file) for file in fleet.PORT_NUMBERS if file.startswith(self.directory.rpartition("/")[2] + "/")}
        self.lose(self.files)
        with self.rig.change() as done:
            loss = self.rig.truth.lose(self.device, rows=True)
            self.rig.tree.fail_open("%s/%s" % (self.path(), self.directory), self.error)
            self.rig.tree.readd(self.path())
            loss.end = time.monotonic()
            self.rig.block(self.device, self.files, done())

    def heal(self):
        self.bound = LISTED_AGAIN
        with self.rig.change() as done:
            self.rig.tree.fail_open("%s/%s" % (self.path(), self.directory), 0)
            self.rig.unblock(self.device, self.files, done())


class FirmwareReset(Fault):
    """Every file of the device says EINVAL for a while."""
    title, lasts = "firmware reset: every read of one device gives EINVAL", (1.0, 5.0)
    shown = 5.0

    def inject(self):
        self.lose()
        with self.rig.change() as done:
            self.rig.tree.fail(self.path(), "EINVAL")
            self.rig.block(self.device, self.device.files, done())

    def heal(self):
        with self.rig.change() as done:
            self.rig.tree.fail(self.path(), 0)
            self.rig.unblock(self.device, self.device.files, done())


class Nonsense(Fault):
    """A text where a number belongs."""
    together, text = True, "N/A (no PMA)"

    def inject(self):
        self.file = self.random_file(fleet.PORT_NUMBERS)
        self.lose({self.file})
        with self.rig.change() as done:
            self.rig.frozen.add((self.device, *self.file))
            self.rig.tree.set(self.device.path(*self.file), self.text)
            self.rig.block(self.device, [self.file], done())

    def heal(self):
        with self.rig.change() as done:
            self.rig.tree.set(self.device.path(*self.file), self.device.text(*self.file))
            self.rig.unblock(self.device, [self.file], done())
            self.rig.frozen.discard((self.device, *self.file))


class Unlistable(Fault):
    """The class directory cannot be opened: what is known is read on, what is new is not seen."""
    is_alone, title = True, "the class directory cannot be listed (EIO)"

    def inject(self):
        self.rig.tree_command("fail-open", "class/infiniband", "EIO")

    def heal(self):
        self.rig.tree_command("fail-open", "class/infiniband", 0)


def error(name, what):
    """The kind of fault that is an errno of a counter, an attribute or a listing."""
    if what == "listing":
        title = "%s at the listing of a directory of counters" % name
        # No such directory is no failure: some drivers have none. It is looked for again 5 s after the registration only.
        return type("Listing" + name, (ListingError,), {"error": name, "title": title, "shown": 2.0 if name == "ENOENT" else 6.0})
    opens = name in ("EACCES", "ENOENT")
    files, hurried = (fleet.PORT_NUMBERS, False) if what == "counter" else (["state", "phys_state"], True)
    title = "%s %s of %s" % (name, "at the opening" if opens else "at each read", "a counter" if what == "counter" else
                             "state or phys_state")
    return type(what + name, (FileError,), {"error": name, "files": files, "opens": opens, "hurried": hurried,
                                            "title": title, "shown": 6.0 if name in MORE_REFUSALS else 2.0})


# --- Hot-plug ---

class Removal(Fault):
    title = "a device is removed, then added"

    def inject(self):
        self.lose(rows=True)
        self.name = self.device.name
        self.rig.remove(self.device)

    def heal(self):
        self.rig.add(self.device, self.name)


class SlowArrival(Removal):
    """The name is there before its files."""
    title, bound = "a device is removed, then added with its files coming one by one", 5.0

    def heal(self):
        self.rig.add(self.device, self.name, link_first=True)


class Readd(Fault):
    title, lasts, shown = "a device is registered anew at once", (0.0, 0.1), 0.0

    def inject(self):
        self.lose(rows=True)
        self.rig.readd(self.device)

    def heal(self):
        pass


class Rename(Fault):
    title, lasts, shown = "a device is renamed", (0.0, 0.1), 0.0

    def inject(self):
        self.lose(rows=True)
        taken = {device.name for device in self.rig.devices}
        names = ["mlx5_%d" % self.device.number, "roce%d" % self.device.number, "x" * 63, "r", "ibp%ds0" % self.device.number]
        self.rig.rename(self.device, self.chance.choice([name for name in names if name not in taken]))

    def heal(self):
        pass


# --- snmpd ---

class MasterFault(Fault):
    """No answer, or none for the subagent, until it is over; whatever is answered is right all the same."""
    bound = SESSION

    def __init__(self, rig, device, chance):
        self.away = lost_for_a_while(rig)
        super().__init__(rig, device, chance)

    def devices(self):
        return self.rig.devices[:1]

    def end(self):
        self.heal()
        wait_for(self.rig.master.answers, "snmpd answers")
        self.healed = time.monotonic()
        self.away.end = self.healed + self.bound

    def is_over(self):
        return self.rig.look(self.rig.devices[0]) != "no answer" and self.rig.master.serves()

    def settle(self):
        self.away.end = min(self.away.end, time.monotonic())


class Kill(MasterFault):
    title = "snmpd is killed (SIGKILL), then started"
    lasts = (0.0, 3.0)

    def inject(self):
        self.rig.master.kill9()

    def heal(self):
        self.rig.master.start()


class Restart(MasterFault):
    title, lasts = "snmpd is restarted (SIGTERM)", (0.0, 1.0)

    def inject(self):
        self.rig.master.stop()

    def heal(self):
        self.rig.master.start()


class Stop(MasterFault):
    title, lasts, shown = "snmpd hangs (SIGSTOP) for up to 5 s", (1.0, 5.0), 5.0

    def inject(self):
        self.rig.master.pause()

    def heal(self):
        self.rig.master.resume()


# --- Only one at a time: for the table ---

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


class LongStop(Stop):
    title, shown = "snmpd hangs (SIGSTOP) for 30 s, so that the session is lost", 30.0


class SocketDeleted(MasterFault):
    """Nobody minds until the next connection, for which snmpd has to be restarted."""
    title = "the AgentX socket's file is deleted; then snmpd restarted"

    def inject(self):
        os.unlink(self.rig.master.socket.partition(":")[2])

    def heal(self):
        self.rig.master.restart()


class SocketRefused(MasterFault):
    """snmpd is restarted and its socket lets the subagent, which is not root, not in."""
    title = "snmpd is restarted, its socket refuses the subagent (EACCES)"

    def inject(self):
        self.permit("0000")
        self.rig.master.restart()

    def permit(self, mode):
        path = os.path.join(self.rig.master.directory, "snmpd.conf")
        with open(path, encoding="ascii") as file:
            text = file.read()
        with open(path, "w", encoding="ascii") as file:
            file.write(re.sub("agentXPerms [0-7]+", "agentXPerms " + mode, text))

    def heal(self):
        self.permit("0777")
        os.chmod(self.rig.master.socket.partition(":")[2], 0o777)


class RegistrationTaken(MasterFault):
    """snmpd is restarted and another subagent comes first."""
    title = "another subagent holds the registration, then ends"

    def inject(self):
        self.rig.judging = False        # it tells of other devices
        self.rig.agent.pause()
        self.rig.master.restart()
        self.other = Agent(self.rig.workspace, self.rig.master, self.rig.workspace.directory)
        self.other.start()
        wait_for(self.rig.master.serves, "the other one serves")
        self.rig.agent.resume()
        self.rig.agent.wait_log("snmpd refuses the MIB")

    def heal(self):
        self.other.kill9()
        self.rig.judging = True


HANGS = [Hang, HangOfFile, HangAtFirstRead, HangAndRemoval]
DELAYS = [delay(ms) for ms in (5, 50, 240, 260)] + [delay(ms, DelayOfFile) for ms in (50, 240, 260)]
ERRNOS = ("EIO", "ENODEV", "EINVAL", "EOPNOTSUPP", "EACCES", "ENOENT")
ERRORS = [error(name, what) for what in ("counter", "attribute", "listing") for name in ERRNOS]
TEXTS = [type("NotANumber", (Nonsense,), {"title": "\"N/A (no PMA)\" in place of a counter"}),
         type("Megabyte", (Nonsense,), {"title": "1 MB of text in place of a counter", "text": "x" * 10**6})]
PLUGS = [Removal, SlowArrival, Readd, Rename]
MASTERS = [Kill, Restart, Stop]
# What the table has besides.
MORE_HANGS = [HangOfSeveral, HangOfAll, HangAtStart]
MORE_MASTERS = [LongStop, SocketDeleted, SocketRefused, RegistrationTaken]
