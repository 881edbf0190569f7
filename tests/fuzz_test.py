#!/usr/bin/env python3
"""Runs the fuzzers of tests/fuzz: each over its corpus, then so many runs more.

They are there in a build by clang with --enable-sanitizers, which scripts/test --sanitizers makes.

    make check TESTS=tests/fuzz_test.py                         as in CI
    make check TESTS=tests/fuzz_test.py FUZZ_SECONDS=1200       by time instead
    ... FUZZ_CORPUS=DIR                                         keep what is found worth keeping in DIR/TARGET
    ... FUZZ_SEED=N                                             try again what a run has printed
"""

import os
import re
import subprocess
import time

import tap
from harness import Workspace, find_program, in_build, need_program
from snmp import SOURCE

# Enough for 10 to 20 s each on a busy machine.
RUNS = {"sysfs": 150000, "scan": 3000, "history": 30000, "answer": 12000, "options": 250000, "uevent": 250000}
LONGEST_INPUT = {"sysfs": 159, "scan": 4096, "history": 1024, "answer": 1024, "options": 2048, "uevent": 2048}
DIRECTORY = os.path.join(SOURCE, "tests", "fuzz")


def run(program, *arguments):
    """The exit status and the output."""
    done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def tell(status, output):
    """What a failed run printed, without the lines of its progress."""
    lines = [line for line in output.splitlines() if not re.match(r"#\d+\t(NEW|REDUCE|pulse|INITED)", line)]
    return ["exit status %d" % status, *lines[-60:]]


def fuzz(workspace, target, seed):
    program = need_program(target.upper() + "_FUZZ", *in_build(target + "_fuzz"))
    seeds = os.path.join(DIRECTORY, "corpus", target)
    names = sorted(os.listdir(seeds))
    options = ["-timeout=20", "-max_len=%d" % LONGEST_INPUT[target],
               "-artifact_prefix=%s/" % workspace.make_directory(target)]

    status, output = run(program, *options, *(os.path.join(seeds, name) for name in names))
    tap.ok(status == 0, "%s: each of %d inputs of the corpus passes" % (target, len(names)), *tell(status, output))

    found = os.path.join(os.environ["FUZZ_CORPUS"], target) if "FUZZ_CORPUS" in os.environ else \
        workspace.make_directory("corpus")
    os.makedirs(found, exist_ok=True)
    dictionary = os.path.join(DIRECTORY, target + ".dict")
    if os.path.exists(dictionary):
        options.append("-dict=" + dictionary)
    if "FUZZ_SECONDS" in os.environ:
        options.append("-max_total_time=" + os.environ["FUZZ_SECONDS"])
    else:
        options.append("-runs=%d" % RUNS[target])
    status, output = run(program, *options, "-seed=%d" % seed, found, seeds)
    done = re.search(r"^Done (\d+) runs in (\d+) second", output, re.M)
    coverage = re.search(r"DONE +cov: (\d+)", output)
    tap.ok(status == 0 and done and coverage, "%s: nothing is found in %s" % (
        target, "%s s" % os.environ["FUZZ_SECONDS"] if "FUZZ_SECONDS" in os.environ else "%d runs" % RUNS[target]),
        *tell(status, output))
    if done and coverage:
        tap.note("%s runs in %s s, %s branches seen" % (*done.groups(), coverage[1]))


def main():
    with tap.points(), Workspace() as workspace:
        if not find_program("SYSFS_FUZZ", *in_build("sysfs_fuzz")):
            raise tap.Skip("no fuzzers in this build: they need clang with its runtime, and --enable-sanitizers")
        seed = int(os.environ.get("FUZZ_SEED", time.time()))
        tap.note("FUZZ_SEED=%d" % seed)
        for target in RUNS:
            fuzz(workspace, target, seed)


if __name__ == "__main__":
    main()
