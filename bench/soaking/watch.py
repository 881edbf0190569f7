"""Looks at whether the machine lets processes run: a program of its own, since the threads of one wait for each other.

    watch.py PID...

Prints "BEGIN END" (s, monotonic) of each time in which it was itself kept waiting, or in which the processes together,
by their slowest thread each, were ready to run for long and had no processor (tests/schedule.py)."""

import collections
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir, "tests"))

from schedule import delays, growth     # noqa: E402 pylint: disable=wrong-import-position

LOOK_EVERY, LATE = 0.02, 0.08       # s
WINDOW, KEPT_WAITING = 0.3, 0.1     # s; a device has 0.25 s to be read


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
