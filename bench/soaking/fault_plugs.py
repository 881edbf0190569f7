"""Devices that come, go and change their names."""

from fault import Fault


class Removal(Fault):
    title = "a device is removed, then added"

    def inject(self):
        self.lose(rows=True)
        self.rig.remove(self.device)

    def heal(self):
        self.rig.add(self.device, self.device.kept_name)


class SlowArrival(Removal):
    """The name is there before its files."""
    title, bound = "a device is removed, then added with its files coming one by one", 5.0

    def heal(self):
        self.rig.add(self.device, self.device.kept_name, link_first=True)


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
        taken = {device.kept_name for device in self.rig.devices}
        number = self.device.number
        names = ["mlx5_%d" % number, "roce%d" % number, "x" * 63, "r", "ibp%ds0" % number]
        self.rig.rename(self.device, self.chance.choice([name for name in names if name not in taken]))

    def heal(self):
        pass


PLUGS = [Removal, SlowArrival, Readd, Rename]
