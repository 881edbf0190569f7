"""A sysfs of plain files for the benchmarks: devices mlx5_0, mlx5_1 ... with one InfiniBand port each.

Every counter has the value that shape.c gives it, so that what the subagent reads is what the programs serve that it
is compared with.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "tests"))

# pylint: disable=wrong-import-position
from expected_objects import HW_FILES
from expected_rows import PMA_FILES

# All that have a column, in the order of the columns.
FILES = [*PMA_FILES, *HW_FILES]
DIRECTORIES = ["counters"] * len(PMA_FILES) + ["hw_counters"] * len(HW_FILES)


def value(device, file):
    """Of FILES[file] of device mlx5_<device>; file_value() in shape.c."""
    return (device + 1) * 1000000007 + file * 7919


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text + "\n")


def make_device(root, number, files):
    name = "mlx5_%d" % number
    function = "%04x:%02x:00.0" % (number // 256, number % 256)
    physical = os.path.join(root, "devices", "pci%s" % function, function)
    device = os.path.join(physical, "infiniband", name)
    port = os.path.join(device, "ports", "1")
    for directory in ("counters", "hw_counters"):
        os.makedirs(os.path.join(port, directory))
    os.symlink(os.path.join("..", "..", "devices", "pci%s" % function, function, "infiniband", name),
               os.path.join(root, "class", "infiniband", name))
    os.symlink(os.path.join("..", ".."), os.path.join(device, "device"))
    os.symlink("../../../bus/pci/drivers/mlx5_core", os.path.join(physical, "driver"))
    for file, text in (("vendor", "0x15b3"), ("device", "0x1021"), ("numa_node", "0")):
        write(os.path.join(physical, file), text)
    for file, text in (("node_type", "1: CA"), ("node_guid", "a088:c203:00aa:%04x" % number), ("fw_ver", "28.41.1000"),
                       ("sys_image_guid", "a088:c203:00aa:%04x" % number), ("node_desc", "host %s" % name),
                       ("hw_rev", "0"), ("hca_type", "MT4129"), ("board_id", "MT_0000000838")):
        write(os.path.join(device, file), text)
    for file, text in (("cap_mask", "0xa751e848"), ("lid", "0x1a"), ("lid_mask_count", "0"), ("sm_lid", "0x1"),
                       ("sm_sl", "0"), ("link_layer", "InfiniBand"), ("phys_state", "5: LinkUp"),
                       ("state", "4: ACTIVE"), ("rate", "400 Gb/sec (4X NDR)")):
        write(os.path.join(port, file), text)
    for file in files:
        write(os.path.join(port, DIRECTORIES[file], FILES[file]), str(value(number, file)))


def make(root, devices, files):
    """Makes so many devices with these of FILES below root, which must not be there yet."""
    os.makedirs(os.path.join(root, "class", "infiniband"))
    for number in range(devices):
        make_device(root, number, files)
    return root
