"""Reads, openings and listings that fail, and texts that are no numbers."""

import time

import fleet
from fault import LISTED_AGAIN, REFUSED, REFUSED_STATE, Fault

ERRNOS = ("EIO", "ENODEV", "EINVAL", "EOPNOTSUPP", "EACCES", "ENOENT")
REFUSALS = ("EINVAL", "EOPNOTSUPP", "EACCES")


class RegisteredAnew(Fault):
    """What fails is seen only when the device is registered anew, with the fault."""

    def readd(self):
        loss = self.rig.truth.lose(self.device, rows=True)
        self.rig.tree.readd(self.path())
        loss.end = time.monotonic()


class FileError(RegisteredAnew):
    """One file fails: its cells are lost, and no other."""
    error, files, opens, hurried = "EIO", fleet.PORT_NUMBERS, False, False
    together = True

    def inject(self):
        self.file = self.random_file(self.files)
        self.lose({self.file})
        with self.rig.change() as done:
            (self.rig.tree.fail_open if self.opens else self.rig.tree.fail)(self.device.path(*self.file), self.error)
            if self.opens:
                self.readd()        # or it would still be open
            self.rig.block(self.device, [self.file], done())

    def heal(self):
        if self.error in REFUSALS:
            self.bound = REFUSED_STATE if self.hurried and not self.opens else REFUSED
        with self.rig.change() as done:
            path = self.device.path(*self.file)
            (self.rig.tree.fail_open if self.opens else self.rig.tree.fail)(path, 0)
            self.rig.unblock(self.device, [self.file], done())


class ListingError(RegisteredAnew):
    """A directory of counters cannot be listed when its device is registered: it is listed again 5 s later and once a
    minute."""
    error, together, shown = "EIO", True, 6.0

    def inject(self):
        port = self.chance.choice(self.device.ports)
        self.directory = "ports/%d/%s" % (port, self.chance.choice(("counters", "hw_counters")))
        below = self.directory.rpartition("/")[2] + "/"
        self.files = {(port, file) for file in fleet.PORT_NUMBERS if file.startswith(below)}
        self.lose(self.files)
        with self.rig.change() as done:
            self.rig.tree.fail_open("%s/%s" % (self.path(), self.directory), self.error)
            self.readd()
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
        # No such directory is no failure: some drivers have none. It is looked for again only 5 s after registration.
        return type("Listing" + name, (ListingError,),
                    {"error": name, "title": title, "shown": 2.0 if name == "ENOENT" else 6.0})
    opens = name in ("EACCES", "ENOENT")
    files, hurried = (fleet.PORT_NUMBERS, False) if what == "counter" else (["state", "phys_state"], True)
    title = "%s %s of %s" % (name, "at the opening" if opens else "at each read", "a counter" if what == "counter" else
                             "state or phys_state")
    return type(what + name, (FileError,), {"error": name, "files": files, "opens": opens, "hurried": hurried,
                                            "title": title, "shown": 6.0 if name in REFUSALS else 2.0})


ERRORS = [error(name, what) for what in ("counter", "attribute", "listing") for name in ERRNOS]
TEXTS = [type("NotANumber", (Nonsense,), {"title": "\"N/A (no PMA)\" in place of a counter"}),
         type("Megabyte", (Nonsense,), {"title": "1 MB of text in place of a counter", "text": "x" * 10**6})]
