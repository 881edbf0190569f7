"""A fault: for how long it is made, what may be missing meanwhile, and how soon after its end all is whole again."""

import time

import fleet

PROBED = 1.0                # s from a hang's end, at the soonest, until the device is tried
REFUSED, REFUSED_STATE = 60, 5      # s until a file that refused is asked again
LISTED_AGAIN = 60           # s until a directory that could not be listed is listed again


class Fault:
    """One that has been injected. heal() ends it; by bound seconds later, and a refresh, everything is whole."""

    bound = 0.0
    lasts, shown = (0.5, 3.0), 2.0      # s: in the soak, and in the table of bench/reliability
    most_times = 1000           # in the table
    together = False            # the table may have it on many devices at once: each loses its own and nothing else
    is_alone = False            # is not to meet other faults of devices: what comes of both is not simple to tell

    def __init__(self, rig, device, chance):
        self.rig, self.device, self.chance = rig, device, chance
        self.begun, self.healed, self.whole = time.monotonic(), None, None
        self.late_looks = 0
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

    def look(self):
        """What is still missing: None if nothing is."""
        return self.rig.look(self.device)

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
