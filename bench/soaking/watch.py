"""Looks at whether the machine lets processes run: a program of its own, since the threads of one wait for each other.

    watch.py PID...

Prints "BEGIN END" (s, monotonic) of each time in which it was itself kept waiting, or in which the processes together,
by their slowest thread each, were ready to run for long and had no processor: /proc/PID/task/TID/schedstat, for which
see Documentation/scheduler/sched-stats of the kernel."""

import collections
import contextlib
import glob
import sys
import time

LOOK_EVERY, LATE = 0.02, 0.08       # s
WINDOW, KEPT_WAITING = 0.3, 0.1     # s; a device has 0.25 s to be read


def delays(pids):
    """For each process: thread -> seconds that it has waited for a processor."""
    processes = []
    for pid in pids:
        waited = {}
        for path in glob.glob("/proc/%s/task/*/schedstat" % pid):
            with contextlib.suppress(OSError), open(path, encoding="ascii") as file:
                waited[path] = int(file.read().split()[1]) / 1e9
        processes.append(waited)
    return processes


def growth(before, now):
    return sum(max((seconds - old.get(path, seconds) for path, seconds in new.items()), default=0)
               for old, new in zip(before, now))


def main():
    looks = collections.deque([(time.monotonic(), delays(sys.argv[1:]))])
    while True:
        time.sleep(LOOK_EVERY)
        looks.append((time.monotonic(), delays(sys.argv[1:])))
        while len(looks) > 2 and looks[-1][0] - looks[1][0] > WINDOW:
            looks.popleft()
        if looks[-1][0] - looks[-2][0] > LATE or growth(looks[0][1], looks[-1][1]) > KEPT_WAITING:
            print(looks[0][0], looks[-1][0], flush=True)
            looks = collections.deque(list(looks)[-2:])


if __name__ == "__main__":
    main()
