#!/usr/bin/env python3
"""The README's commands, each as the only one that is typed on a bare Debian: as root with the checkout in /root, and as
an ordinary user who has sudo.

    tests/readme_test.py            both quickstarts, on each release: one as root, one as the user
    tests/readme_test.py --all      every command on each release, as root and as the user; scripts/test takes its time

Needs root, for chroots.
"""

import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import time

import chroot
import tap
from harness import Workspace, die_with_parent
from snmp import SOURCE

# seconds: when it hangs. wanted: what the output has.
Command = collections.namedtuple("Command", "line seconds wanted")
WALK = Command("scripts/quickstart", 1200, r'^RDMA-PORT-MIB::rdmaPortXmitData\."mlx5_0"\.1 = Counter64: \d+')
PROMETHEUS = Command("scripts/quickstart --prometheus", 1200, r'^rdma_port_xmit_bytes_total{.*=> [0-9]')
TEST = Command("scripts/test", 5400, r"^[0-9]+ passed, 0 failed, [0-9]+ skipped$")

ROOT, USER = "root", "user"
SETTING_UP = 900    # s
USER_WITH_SUDO = """
apt-get update -qq && apt-get install -qq --no-install-recommends sudo >/dev/null &&
useradd --create-home --shell /bin/bash {0} && echo '{0} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/{0} &&
cp -a /root/rdma-agentx /home/{0}/ && chown -R {0}:{0} /home/{0} && rm -r /root/rdma-agentx
""".format(USER)
# What a test within a chroot need not do again: make chroots.
WITHIN = {"WITHIN_CHROOT": "yes"}


def checkout(target):
    """A copy of the source tree as git has it: without what the build makes."""
    with open(os.path.join(SOURCE, ".gitignore"), encoding="ascii") as file:
        made = [line.strip().strip("/") for line in file]
    shutil.copytree(SOURCE, target, symlinks=True, ignore=shutil.ignore_patterns(".git", *filter(None, made)))


def prepare(release, user, path):
    """A bare system with a checkout in the home of the user. Returns where that is; RuntimeError says what failed."""
    root = chroot.copy(release, path)
    os.chmod(os.path.join(root, "root"), 0o700)
    checkout(os.path.join(root, "root", "rdma-agentx"))
    if user == ROOT:
        return "/root/rdma-agentx"
    status, said = chroot.run(root, USER_WITH_SUDO, SETTING_UP)
    if status != 0:
        raise RuntimeError("no user with sudo: status %s\n%s" % (status, said[-3000:]))
    return "/home/%s/rdma-agentx" % user


def try_command(workspace, release, user, command):
    """(sentence, whether it holds, the end of what was printed)"""
    path = workspace.path(release)
    start = time.monotonic()
    try:
        place = prepare(release, user, path)
        home = {"HOME": os.path.dirname(place)}
        status, said = chroot.run(path, "cd %s && exec %s" % (place, command.line), command.seconds,
                                  {**WITHIN, **home}, None if user == ROOT else user)
    except (RuntimeError, subprocess.CalledProcessError) as wrong:
        status, said = "none", str(wrong)
    finally:
        shutil.rmtree(path, ignore_errors=True)
    sentence = "%s on %s, as %s in %s" % (command.line, chroot.RELEASES[release], user, "/root" if user == ROOT else "/home")
    holds = status == 0 and re.search(command.wanted, said, re.M)
    said = ["status %s after %.0f s; its last lines:" % (status, time.monotonic() - start), *said.splitlines()]
    return sentence, holds, said if not holds else said[:1] + said[-1:]


def cases(everything):
    """(user, command) for each release."""
    if not everything:
        return {"bookworm": [(USER, WALK), (ROOT, PROMETHEUS)], "trixie": [(ROOT, WALK), (USER, PROMETHEUS)]}
    return {release: [(user, command) for command in (WALK, PROMETHEUS, TEST) for user in (ROOT, USER)]
            for release in chroot.RELEASES}


def main():
    parser = argparse.ArgumentParser(usage=argparse.SUPPRESS, description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    die_with_parent()
    with tap.points(), Workspace() as workspace:
        if os.environ.get("WITHIN_CHROOT"):
            raise tap.Skip("this is such a system already")
        chroot.need()

        def try_release(release):
            # One after the other: they share the directory of downloaded packages, which apt locks.
            return [try_command(workspace, release, *case) for case in cases(options.all)[release]]

        with concurrent.futures.ThreadPoolExecutor(len(chroot.RELEASES)) as pool:
            for tried in pool.map(try_release, chroot.RELEASES):
                for sentence, holds, said in tried:
                    tap.ok(holds, sentence + ": ends well", *said[-60:])
                    if holds:
                        tap.note(*said)


if __name__ == "__main__":
    sys.exit(main())
