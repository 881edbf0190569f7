"""Looks at whether the machine lets processes run: a program of its own, since the threads of one wait for each other.

    watch.py PID...

Prints "BEGIN END" (s, monotonic) of each time in which it was itself kept waiting, or a thread of the processes was ready to
run for long and did not get a processor (/proc/PID/task/TID/schedstat: proc(5) and Documentation/scheduler/sched-stats)."""

import contextlib
import glob
import sys
import time

LOOK_EVERY, LATE, KEPT_WAITING = 0.02, 0.06, 0.06   # s


def delays(pids):
    """Thread -> seconds that it has waited for a processor."""
    waited = {}
    for pid in pids:
        for path in glob.glob("/proc/%s/task/*/schedstat" % pid):
            with contextlib.suppress(OSError), open(path, encoding="ascii") as file:
                waited[path] = int(file.read().split()[1]) / 1e9
    return waited


def main():
    last, before = time.monotonic(), delays(sys.argv[1:])
    while True:
        time.sleep(LOOK_EVERY)
        now, waited = time.monotonic(), delays(sys.argv[1:])
        longest = max((seconds - before.get(path, seconds) for path, seconds in waited.items()), default=0)
        if now - last > LATE or longest > KEPT_WAITING:
            print(min(last, now - longest), now, flush=True)
        last, before = now, waited


if __name__ == "__main__":
    main()
