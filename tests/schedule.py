"""How long processes were ready to run and had no processor, so that a test on a busy machine can tell its own slowness
from ours: /proc/PID/task/TID/schedstat, for which see Documentation/scheduler/sched-stats of the kernel."""

import contextlib
import glob


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
    """Seconds that the processes together have waited, by their slowest thread each."""
    return sum(max((seconds - old.get(path, seconds) for path, seconds in new.items()), default=0)
               for old, new in zip(before, now))
