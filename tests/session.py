"""What tests of the session with snmpd look at again and again: how soon it is there, and whether its end is clean."""

import time

import tap
from harness import serving

BACK_WITHIN = 3.0       # s after snmpd can be reached again
REPORTS = ("Sanitizer", "runtime error:")


def seconds_until_served(master):
    begin = time.monotonic()
    serving(master)
    return time.monotonic() - begin


def ends_cleanly(agent, sentence="and the subagent ends cleanly"):
    """It ends in time, with status 0 and without a report of a sanitizer."""
    status, seconds = agent.stop()
    reports = [line for line in agent.log().splitlines() if any(word in line for word in REPORTS)]
    tap.ok(status == 0 and seconds < 1.5 and not reports, sentence,
           "status %s after %.2f s" % (status, seconds), *reports[:5])
