"""Trees for tests: those of testdata/, and made-up ones, as the text of a .tree file."""

import os
import re

from snmp import SOURCE

CLASS = "class/infiniband/"


def scenario(name):
    """The file of a tree in testdata/."""
    return os.path.join(SOURCE, "testdata", name, "sysfs.tree")


def recorded(pattern=""):
    """The lines of a recorded ConnectX-7, mlx5_0, that match, without its network interface."""
    with open(scenario("cx7-infiniband"), encoding="utf-8") as file:
        lines = [line for line in file if line.startswith(CLASS + "mlx5_0")]
    return [line for line in lines if not re.search("cm_|pkeys|gid_attrs", line) and re.search(pattern, line)]


def data_of(number):
    """What port_xmit_data of a device of fleet() holds."""
    return 1000 * number + 1


def fleet(count):
    """So many ConnectX-7, named mlx5_0, mlx5_1 ..."""
    tree = []
    for number in range(count):
        name = "mlx5_%d" % number
        tree += [line.replace("mlx5_0", name).replace("0000:18:00.0", "0000:%02x:00.%d" % (number // 8, number % 8))
                 for line in recorded()]
        tree.append("%s%s/ports/1/counters/port_xmit_data = %d\n" % (CLASS, name, data_of(number)))
    return "".join(tree)


def slim_name(number):
    return "mlx5_%03d" % number


def slim(devices=1, ports=1):
    """So many devices with few files, named mlx5_000, mlx5_001 ...: each port has two counters."""
    tree = []
    for device in range(devices):
        path = CLASS + slim_name(device)
        tree.append(path + "/node_type = 1: CA")
        for port in range(1, ports + 1):
            tree += ["%s/ports/%d/%s" % (path, port, line) for line in (
                "state = 4: ACTIVE", "phys_state = 5: LinkUp", "link_layer = InfiniBand", "rate = 400 Gb/sec (4X NDR)",
                "counters/port_xmit_data = 1", "hw_counters/rx_write_requests = 2")]
    return "\n".join(tree) + "\n"
