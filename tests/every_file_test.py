#!/usr/bin/env python3
"""Holds that a bad file costs its own cells: each file of a device in turn cannot be opened, cannot be read or holds what
it should not, and what is served is always what the rest of the tree demands (see expected_walk.py)."""

import errno
import os
import re
import socket
import subprocess
import time

import expected_walk
import snmp
import tap
from harness import (UNHURRIED, Agent, Master, Tree, Workspace, in_build, need_program, serving, serving_whole, settles,
                     wait_for)
from sysfs_tree import Refusal, read_tree
from trees import CLASS, fleet, scenario

SCENARIOS = ("cx7-infiniband", "rxe-siw-6.1")
ERRORS = int(os.environ.get("ERRORS", 2))       # how many of the errors each file gets, of each kind
OPEN_ERRORS = "EACCES", "EINVAL", "EIO", "ENODEV", "ENOENT", "EOPNOTSUPP"
READ_ERRORS = OPEN_ERRORS + ("ETIMEDOUT",)
LATER_ERRORS = "EIO", "ENODEV", "ENOENT", "ETIMEDOUT"   # the others, three times running, are a refusal
AGE = 0.1   # s that a reading is used
# Names whose values tell of files, beside those that a file loses
STATUSES = re.compile("rdma(Device|Port)Status")
# What is asked at each reading; the rest once, or once a minute
POLLED = re.compile("/(hw_)?counters/|/ports/[0-9]+/(phys_)?state$")
# Nobody looks there
UNREAD = re.compile("gid_attrs|pkeys|cm_|/gids/[1-9]|uevent")


def files(tree, node=None, path=""):
    """The path of every file of an expected_walk.Tree, links not followed."""
    for name, child in (tree.root if node is None else node).items():
        if isinstance(child, dict):
            yield from files(tree, child, path + name + "/")
        elif isinstance(child, bytes) and not UNREAD.search(path + name):
            yield path + name


def in_turn(paths, turn, turns):
    """Those of the files that have this turn of so many: each has ERRORS of them, and all turns have their files."""
    return [path for number, path in enumerate(paths) if (number + turn) % turns < ERRORS]


def demanded(tree, path, node):
    """Name -> value of a status, None of anything else, if node stood at path; no file at all if node is None."""
    directory, _, name = path.rpartition("/")
    parent = tree.resolve(directory)
    before = parent.pop(name)
    if node is not None:
        parent[name] = node
    try:
        return summary(line for _, line in expected_walk.walk(tree))
    finally:
        parent[name] = before


def refusal(error, path):
    """What an error makes of a file; with ENOENT it is missing, but for a counter, which was listed."""
    if error == "ENOENT":
        return Refusal(errno.EIO) if "counters/" in path else None
    return Refusal(getattr(errno, error))


def summary(lines):
    """What counts here of a walk, or of --print."""
    got = {}
    for line in lines:
        name, _, value = line.partition(" = ")
        if not name.startswith("rdmaFamily"):       # another module
            got[name] = value.replace("INTEGER: ", "") if STATUSES.match(name) else None
    return got


def printed(root):
    program = need_program("RDMA_AGENTX", *in_build("rdma-agentx"))
    done = subprocess.run([program, "--print", "--sysfs-root", root, *UNHURRIED], capture_output=True, text=True,
                          timeout=snmp.LONGEST_RUN, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1"})
    return summary(done.stdout.splitlines())


def wrong_print(root, wanted):
    """How --print differs from what is wanted. On a busy host a reading may be late: what is wrong thrice is wrong."""
    for _ in range(3):
        wrong = differences(printed(root), wanted)
        if not wrong:
            break
    return wrong


def differences(got, wanted):
    return ["%s: %s" % ("lacks" if name not in got else "has", name) for name in got.keys() ^ wanted.keys()] + \
        ["%s is %s, not %s" % (name, got[name], wanted[name]) for name in got.keys() & wanted.keys()
         if got[name] != wanted[name]]


def test_first_reading(workspace, name):
    """Errors of a file that has never been read before: each file has its turns with some of them."""
    model = read_tree(scenario(name))
    all_paths = list(files(model))
    with Tree(workspace, scenario(name)) as tree:
        for what, errors, fail in (("opened", OPEN_ERRORS, tree.fail_open), ("read", READ_ERRORS, tree.fail)):
            for turn, error in enumerate(errors):
                paths = in_turn(all_paths, turn, len(errors))
                wrong = []
                for path in paths:
                    fail(path, error)
                    wanted = demanded(model, path, refusal(error, path))
                    wrong += [path + " " + text for text in wrong_print(tree.root, wanted)]
                    fail(path, 0)
                tap.ok(not wrong, "%s: each of %d files that cannot be %s for %s costs its own cells"
                       % (name, len(paths), what, error), *wrong[:10])


def test_later_reading(workspace, name):
    """Errors, for once, of a file that was well before and is held open."""
    model = read_tree(scenario(name))
    whole = summary(line for _, line in expected_walk.walk(model))
    paths = [path for path in files(model) if "/net/" not in path]     # whose failures are not the device's
    wrong, not_back = [], []
    tree = workspace.enter(Tree(workspace, scenario(name)))
    master = workspace.enter(Master(workspace))
    agent = workspace.enter(Agent(workspace, master, tree.root, "--cache-ttl", "%dms" % (1000 * AGE), *UNHURRIED))
    serving_whole(master)
    client = master.client()

    def walk():
        time.sleep(AGE)     # older than the cache may be
        return summary(client.bulkwalk(repetitions=50).lines)

    for number, path in enumerate(paths):
        error = LATER_ERRORS[number % len(LATER_ERRORS)]
        tree.fail(path, error)
        wanted = demanded(model, path, refusal(error, path)) if POLLED.search(path) else whole
        wrong += ["%s %s: %s" % (path, error, text) for text in differences(walk(), wanted)]
        tree.fail(path, 0)
        not_back += ["%s %s: %s" % (path, error, text) for text in differences(walk(), whole)]
    tap.ok(not wrong, "%s: each of %d files that fails later costs its own cells" % (name, len(paths)), *wrong[:10])
    tap.ok(not not_back, "%s: and all is back with the next reading" % name, *not_back[:10])
    tap.equal(agent.stop()[0], 0, "and the subagent ends with status 0")


# --- Directories ---

DIRECTORIES = {"": "rdmaPort|rdmaHw|rdmaCounter", "/ports": "rdmaPort|rdmaHw|rdmaCounter",
               "/ports/1/counters": "rdmaPort(Rcv|Xmit|Unicast|Multicast|SymbolError|Link(Downed|ErrorRecovery)|Local|"
                                    "Excessive|VL15|Saturated)",
               "/ports/1/hw_counters": "rdmaHw|rdmaCounter"}


def of_device(got, number):
    """What a device of fleet() has, under its first name."""
    return {name.replace("mlx5_%d" % number, "mlx5_0"): value for name, value in got.items()
            if '"mlx5_%d"' % number in name}


def test_directories(workspace, error):
    """Each of four devices has a directory that cannot be opened when it registers; the fifth has none."""
    tree = workspace.enter(Tree(workspace, workspace.write("fleet.tree", fleet(len(DIRECTORIES) + 1))))
    master = workspace.enter(Master(workspace))
    for number, path in enumerate(DIRECTORIES):
        tree.fail_open("%smlx5_%d%s" % (CLASS, number, path), error)
    agent = workspace.enter(Agent(workspace, master, tree.root, "--cache-ttl", "%dms" % (1000 * AGE), *UNHURRIED))
    serving(master)     # and degraded, since one device cannot be opened
    client = master.client()

    def walk():
        time.sleep(AGE)
        return summary(client.bulkwalk(repetitions=50).lines)

    def too_much_lost():
        got = walk()
        whole, lost = of_device(got, len(DIRECTORIES)), []
        for number, (path, names) in enumerate(DIRECTORIES.items()):
            lost += ["%s %s" % (path, name) for name in whole.keys() - of_device(got, number).keys()
                     if path and not re.match(names, name)]
            if '"mlx5_%d"' % number not in str(got):
                lost.append("%s: there is no row" % path)
        return lost if len(whole) > 100 else ["of mlx5_%d, too" % len(DIRECTORIES)]

    settles(too_much_lost, [], "a directory that cannot be opened for %s costs what is in it" % error)
    whole = of_device(walk(), len(DIRECTORIES))
    for number, path in enumerate(DIRECTORIES):
        tree.fail_open("%smlx5_%d%s" % (CLASS, number, path), 0)

    def is_whole():
        now = walk()
        return [number for number in range(len(DIRECTORIES)) if of_device(now, number) != whole] == []
    wait_for(is_whole, "all four devices are whole", 30)
    tap.ok(agent.is_running(), "and all is back by itself")


# --- Files that hold, or are, what they should not ---

CONTENTS = {
    "nothing": b"", "a newline": b"\n", "N/A": b"N/A (no PMA)\n", "a negative number": b"-1\n",
    "2^64": b"18446744073709551616\n", "a number and more": b"12 34\n", "octets that are no text": b"\xff\x00\x80\n",
    "1 MB of text": b"9" * 2**20,
}


def make_loop(path):
    os.symlink(os.path.basename(path), path)


def make_socket(path):
    here = os.getcwd()
    os.chdir(os.path.dirname(path))     # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.basename(path))
    os.chdir(here)


def make_dead_link(path):
    os.symlink("nothing", path)


KINDS = {"a directory": (os.mkdir, "EISDIR"), "a FIFO that nobody writes": (os.mkfifo, "EINVAL"),
         "a link to itself": (make_loop, "ELOOP"), "a socket": (make_socket, "ENXIO"),
         "a link to nothing": (make_dead_link, "ENOENT")}


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        os.rmdir(path)
    else:
        os.remove(path)


def write(content):
    def make(path):
        with open(path, "wb") as file:
            file.write(content)
    return make


def test_contents(workspace, name):
    model = read_tree(scenario(name))
    root, attic = workspace.make_directory("files"), workspace.path("was")
    subprocess.run([need_program("UNTREE", *in_build("untree")), scenario(name), root], check=True)
    paths = [path for path in files(model) if "/net/" not in path]
    variants = [("holds " + what, write(content), lambda _, content=content: content)
                for what, content in CONTENTS.items()]
    variants += [("is " + what, make, lambda path, error=error: refusal(error, path))
                 for what, (make, error) in KINDS.items()]
    for turn, (sentence, make, node) in enumerate(variants):
        wrong = []
        chosen = in_turn(paths, turn, len(variants))
        for path in chosen:
            file = os.path.join(root, path)
            os.rename(file, attic)
            make(file)
            wrong += [path + " " + text for text in wrong_print(root, demanded(model, path, node(path)))]
            remove(file)
            os.rename(attic, file)
        tap.ok(not wrong, "each of %d files costs its own cells if it %s" % (len(chosen), sentence), *wrong[:10])


with tap.points():
    for tree_name in SCENARIOS:
        for test in (test_first_reading, test_later_reading):
            with Workspace() as place:
                test(place, tree_name)
    for directory_error in ("EACCES", "EIO", "EINVAL"):
        with Workspace() as place:
            test_directories(place, directory_error)
    with Workspace() as place:
        test_contents(place, SCENARIOS[0])
