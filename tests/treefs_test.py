#!/usr/bin/env python3
"""Holds treefs and untree, which other tests rely on, to what their head comments say.

That the fixtures are read aright is checked against the independent reading of sysfs_tree.py.
"""

import contextlib
import errno
import glob
import json
import os
import subprocess
import threading
import time

import harness
import tap
from harness import SOURCE, Tree, Workspace, wait_for
from sysfs_tree import Link, Refusal, read_tree

DEVICE = "class/infiniband/x0"
STATE = DEVICE + "/ports/1/state"
SMALL = """
class/infiniband/x0 -> ../../devices/pci0/infiniband/x0
class/infiniband/x0/device -> ../../../pci0
class/infiniband/x0/ports/1/state = 4: ACTIVE
class/infiniband/x0/ports/1/counters/errors = 0
class/infiniband/x0/ports/1/counters/data = 12345678901
class/infiniband/x0/ports/1/counters/refused ! EINVAL
class/infiniband/x0/ports/1/counters/denied ! EACCES
class/infiniband/x0/ports/1/counters/Pio Reserved 31 = 31
class/infiniband/x1 -> ../../devices/pci1/infiniband/x1
class/infiniband/x1/ports/1/state = 1: DOWN
"""


def read(path):
    """What a file holds, by one read; the name of the errno if it cannot be had."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        return errno.errorcode[error.errno] + " in open"
    value = read_held(descriptor)
    with contextlib.suppress(OSError):      # treefs may have ended after its answer
        os.close(descriptor)
    return value


def read_held(descriptor):
    try:
        return os.pread(descriptor, 5000, 0)
    except OSError as error:
        return errno.errorcode[error.errno]


def compare(node, path, refusal):
    """The paths that differ between a directory of sysfs_tree.Tree and one on disk."""
    if isinstance(node, Link):
        return [] if os.path.islink(path) and os.readlink(path) == node.target else [path]
    if isinstance(node, Refusal):
        return [] if read(path) == refusal(node.errno) else [path]
    if isinstance(node, bytes):
        return [] if not os.path.islink(path) and read(path) == node else [path]
    if not os.path.isdir(path) or os.path.islink(path) or set(os.listdir(path)) != set(node):
        return [path]
    return [wrong for name, entry in node.items() for wrong in compare(entry, os.path.join(path, name), refusal)]


def name_refusal(number):
    return "EACCES in open" if number == errno.EACCES else errno.errorcode[number]


def test_fixtures(workspace, untree):
    """Every fixture, served and unpacked."""
    for file in sorted(glob.glob(os.path.join(SOURCE, "testdata", "*", "sysfs.tree"))):
        wanted, scenario = read_tree(file).root, file.split(os.sep)[-2]
        with Tree(workspace, file) as tree:
            tap.equal(compare(wanted, tree.root, name_refusal), [], "treefs serves %s as it is written" % scenario)
        if untree:
            plain = workspace.make_directory("plain")
            subprocess.run([untree, file, plain], check=True)
            tap.equal(compare(wanted, plain, lambda number: "ELOOP in open"), [],
                      "untree unpacks %s as it is written" % scenario)


def test_format(workspace, untree):
    """What the format means, and what is no entry."""
    text = '\n# a comment\na[1-2]/b[08-10] = x\nj = "\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\\u0000"\ne = \n' \
           "n = a = b ! c -> d\nlater = 1\nlater -> j\nlink -> a1/c\nlink/d/e = through\nempty/ = (directory)\n"
    plain = workspace.make_directory("plain")
    subprocess.run([untree, workspace.write("tree", text), plain], check=True)
    wanted = {"a1/b8": b"x\n", "a1/b10": b"x\n", "a2/b9": b"x\n", "e": b"\n", "n": b"a = b ! c -> d\n",
              "j": json.loads(text.split("j = ")[1].split("\n")[0]).encode(), "a1/c/d/e": b"through\n"}
    tap.equal({path: read(os.path.join(plain, path)) for path in wanted}, wanted, "each form of an entry means a file")
    tap.equal(os.readlink(os.path.join(plain, "later")), "j", "a later line replaces an earlier one")
    tap.equal(os.listdir(os.path.join(plain, "empty")), [], "a directory may be empty")
    for line, complaint in [
            ("no entry", "no entry: not an entry"), ("a ! EWHAT", "EWHAT: not an errno"),
            ("a ! ", ": not an errno"), ('a = "open', "not a JSON string"), ('a = "a" b', "not a JSON string"),
            ('a = "\\x"', "not a JSON string"), ('a = "\\ud800"', "not a JSON string"), ("a -> /b", "relative"),
            ("a[2-1] = 1", "backwards"), ("a[0-99999]/b[0-99] = 1", "too many"), ("b/c = 1", "b/c: Not a directory"),
            ("loop/a = 1", "symbolic links"), ("a/ = 1", "go together"), ("x" * 300 + " = 1", "too long")]:
        file = workspace.write("wrong", "b = 1\nloop -> loop\n%s\n" % line)
        done = subprocess.run([untree, file, plain], capture_output=True, text=True, check=False)
        tap.ok(done.returncode == 1 and done.stderr.startswith("untree: %s:3: " % file) and complaint in done.stderr,
               '"%s" is refused with file, line and reason' % line[:40], done.stderr)


def test_sysfs(tree):
    """Where a plain file system differs from sysfs, treefs is like sysfs."""
    state = os.path.join(tree.root, STATE)
    counters = os.path.join(tree.root, DEVICE, "ports/1/counters")
    tap.equal(os.stat(state).st_size, 4096, "a file claims 4096 octets")
    tap.equal(read(counters + "/refused"), "EINVAL", "a file that refuses opens and fails the read")
    tap.equal(read(counters + "/denied"), "EACCES in open", "a file that denies access does not open")
    held, inode = os.open(state, os.O_RDONLY), os.stat(state).st_ino
    tree.set(STATE, "1: DOWN")
    tap.equal((read_held(held), read(state)), (b"1: DOWN\n", b"1: DOWN\n"), "a held descriptor sees the new value")
    tree.set_bytes(STATE, 'no newline, but "é"')
    tap.equal(read_held(held), 'no newline, but "é"'.encode(), "a file can hold any bytes")
    tree.refuse(STATE, "EIO")
    tap.equal(read_held(held), "EIO", "a file can begin to refuse")
    tree.set(STATE, "4: ACTIVE")
    tap.equal((read_held(held), os.stat(state).st_ino), (b"4: ACTIVE\n", inode), "a change in place keeps the inode")
    os.close(held)
    with open(state, "rb", buffering=0) as file:
        tap.equal([os.pread(file.fileno(), 3, offset) for offset in (0, 3, 9, 10, 11)],
                  [b"4: ", b"ACT", b"\n", b"", b""], "a file can be read in pieces")
    try:
        os.close(os.open(state, os.O_WRONLY))
        tap.ok(False, "nothing can be written")
    except OSError as error:
        tap.equal(error.errno, errno.EROFS, "nothing can be written")
    tree.link(DEVICE + "/device", "../../elsewhere")
    tap.equal(os.readlink(os.path.join(tree.root, DEVICE, "device")), "../../elsewhere", "a link can change")
    for number in range(2000):
        tree.set("many/file%d" % number, number)
    tap.equal(sorted(os.listdir(os.path.join(tree.root, "many"))), sorted("file%d" % n for n in range(2000)),
              "a directory of 2,000 entries lists each once")


def test_removal(tree):
    """Devices go, come back and change their names."""
    device, state = os.path.join(tree.root, DEVICE), os.path.join(tree.root, STATE)
    inodes = {os.stat(device).st_ino}
    for _ in range(50):
        tree.readd(DEVICE)
        inodes.add(os.stat(device).st_ino)
    tap.equal(len(inodes), 51, "a device that registers anew never gets a former inode number")
    tap.equal(read(state), b"4: ACTIVE\n", "a device that registers anew has the same content")

    directory, held = os.open(device, os.O_RDONLY), os.open(state, os.O_RDONLY)
    inode = os.fstat(directory).st_ino
    tree.rename(DEVICE, "class/infiniband/renamed")
    tap.equal(sorted(os.listdir(os.path.dirname(device))), ["renamed", "x1"], "a renamed device has its new name only")
    tap.ok(os.readlink(os.path.dirname(device) + "/renamed").endswith("/infiniband/renamed"), "the link of a renamed "
           "device leads to the new name")
    tap.equal((os.stat(os.path.dirname(device) + "/renamed").st_ino, read_held(held)), (inode, b"4: ACTIVE\n"),
              "a renamed device keeps its inode, and descriptors on it work")
    tree.rename("class/infiniband/renamed", DEVICE)

    tree.remove(DEVICE)
    tap.equal(os.listdir(os.path.dirname(device)), ["x1"], "a removed device is not listed")
    tap.equal(os.path.exists(os.path.join(tree.root, "devices/pci0/infiniband/x0")), False,
              "the directory of a removed device is gone, not only the link of its class")
    tap.equal((read_held(held), read_held(held)), ("ENODEV", "ENODEV"), "a descriptor of a removed file reads ENODEV")
    tap.equal(os.fstat(directory).st_ino, inode, "a descriptor of a removed directory still has its inode number")
    for path in ("ports/1/state", "ports"):
        try:
            os.close(os.open(path, os.O_RDONLY, dir_fd=directory))
            tap.ok(False, "%s cannot be opened below a removed directory" % path)
        except OSError as error:
            tap.equal(error.errno, errno.ENOENT, "%s cannot be opened below a removed directory" % path)
    tree.link(DEVICE, "../../devices/pci0/infiniband/x0")
    tree.set(STATE, "4: ACTIVE")
    tap.equal((read(state), read_held(held)), (b"4: ACTIVE\n", "ENODEV"), "a new device does not revive the old one")
    os.close(directory)
    os.close(held)


def reader(path, results):
    """A thread that reads once."""
    thread = threading.Thread(target=lambda: results.append(read(path)))
    thread.start()
    return thread


def test_faults(tree):
    """Errors, delays and hangs, of a file and of all below a directory."""
    state, other = os.path.join(tree.root, STATE), os.path.join(tree.root, "class/infiniband/x1/ports/1/state")
    tree.fail(DEVICE, "EREMOTEIO")
    tap.equal((read(state), read(other)), ("EREMOTEIO", b"1: DOWN\n"),
              "a directory fails every read below, and no other")
    tree.fail(STATE, "EAGAIN")
    tap.equal(read(state), "EAGAIN", "the nearest fault counts")
    tree.fail(STATE, 0)
    tree.fail(DEVICE, 0)
    tap.equal(read(state), b"4: ACTIVE\n", "a fault can end")
    tree.fail_open("class/infiniband", "EPERM")
    try:
        names = os.listdir(os.path.join(tree.root, "class/infiniband"))
    except OSError as error:
        names = errno.errorcode[error.errno]
    tap.equal(names, "EPERM", "a directory can fail to open")
    tree.fail_open("class/infiniband", 0)

    tree.delay(DEVICE, 500)
    start, results = time.monotonic(), []
    slow = [reader(state, results) for _ in range(10)]
    tap.ok(read(other) == b"1: DOWN\n" and not results, "a slow read does not slow down another file", results)
    for thread in slow:
        thread.join()
    seconds = time.monotonic() - start
    tap.ok(results == [b"4: ACTIVE\n"] * 10 and 0.5 <= seconds < 3,
           "slow reads take as long as they shall, side by side", seconds, *results)
    tree.delay(DEVICE, 0)

    for sentence, release, wanted in [
            ("150 hanging reads go on when they are released", lambda: tree.release(DEVICE), b"4: ACTIVE\n"),
            ("150 hanging reads fail when they are released so", lambda: tree.release(DEVICE, "EIO"), "EIO"),
            ("150 hanging reads fail when the device goes", lambda: tree.remove(DEVICE), "ENODEV")]:
        tree.reset_counts()
        tree.hang(DEVICE)
        results = []
        hung = [reader(state, results) for _ in range(150)]
        wait_for(lambda: tree.count(STATE)[1] == 150, "150 reads are under way")
        tap.ok(read(other) == b"1: DOWN\n" and not results, "while that hangs, another file can be read")
        release()
        for thread in hung:
            thread.join()
        tap.equal(results, [wanted] * 150, sentence)


def test_counts(tree):
    """What was read can be asked for."""
    tree.reset_counts()
    state = os.path.join(tree.root, STATE)
    held = os.open(state, os.O_RDONLY)
    tree.start_log()
    for _ in range(3):
        read_held(held)
    os.close(held)
    read(os.path.join(tree.root, DEVICE, "ports/1/counters/Pio Reserved 31"))
    tap.equal((tree.count(STATE), tree.count(DEVICE), tree.count(".")), ((1, 3), (2, 4), (2, 4)),
              "opens and reads are counted, of a file and of all below a directory")
    tap.equal(tree.paths_read(), ["devices/pci0/infiniband/x0/ports/1/state"] * 3
              + ["devices/pci0/infiniband/x0/ports/1/counters/Pio Reserved 31"], "the log has every read in order")
    tree.readd(DEVICE)
    tap.equal(tree.count(DEVICE), (2, 4), "counts survive a new registration")
    tree.reset_counts()
    tap.equal(tree.count("."), (0, 0), "counts can begin anew")


def test_control(workspace, tree):
    """Commands that make no sense, and the end."""
    for command in ("nonsense", "set x", "delay %s soon" % STATE, "delay " + STATE, "fail %s EWHAT" % STATE, "fail x",
                    "hang nowhere", "remove .", "remove nowhere", "rename class class/infiniband/x", "rename class",
                    "rename %s class/infiniband/x1" % DEVICE, "log loudly", "quit now", "count"):
        try:
            tap.ok(False, "%s is refused" % command, tree.command(command))
        except RuntimeError as error:
            tap.ok("error: " in str(error), "%s is refused" % command, error)
    with Tree(workspace, workspace.write("tree", SMALL)) as ending:
        results = []
        ending.hang(".")
        hung = reader(os.path.join(ending.root, STATE), results)
        wait_for(lambda: ending.count(STATE)[1] == 1, "a read is under way")
        ending.child.stdin.close()
        status = ending.child.wait(harness.PATIENCE)
        hung.join()
        tap.equal((status, results, os.path.ismount(ending.root)), (0, [b"4: ACTIVE\n"], False),
                  "at the end hanging reads are answered and nothing stays mounted")


def main():
    with tap.points(), Workspace() as workspace:
        untree = harness.find_program("UNTREE", *harness.in_build("untree"))
        tree_file = workspace.write("tree", SMALL)
        with Tree(workspace, tree_file):
            pass    # or everything is skipped
        if untree:
            test_format(workspace, untree)
        else:
            tap.skip("untree reads what treefs reads", "no untree")
        test_fixtures(workspace, untree)
        for test in (test_sysfs, test_removal, test_faults, test_counts):
            with Tree(workspace, tree_file) as tree:
                test(tree)
        with Tree(workspace, tree_file) as tree:
            test_control(workspace, tree)


if __name__ == "__main__":
    main()
