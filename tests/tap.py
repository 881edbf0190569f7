"""Test points in the TAP format, as automake's driver reads them.

    with tap.points():
        tap.ok(2 + 2 == 4, "two and two are four")

prints "ok 1 - two and two are four" and, at the end, the plan "1..1". The name of a point is a
sentence that is true when the point passes. A program that ends by an exception prints no plan.
"""

import contextlib
import difflib
import os
import sys
import time


class Skip(Exception):
    """What the rest of a test program needs is missing; the text says what."""


_printed = 0


def ok(passed, sentence, *details):
    """A test point. The details are printed if it fails, one a line."""
    global _printed
    _printed += 1
    print("%s %d - %s" % ("ok" if passed else "not ok", _printed, sentence.replace("#", "\\#")))
    if not passed:
        note(*details)
    sys.stdout.flush()
    return bool(passed)


def equal(got, wanted, sentence):
    """A test point that passes if both are equal; lists are compared line by line."""
    if isinstance(got, list) and isinstance(wanted, list):
        lines = [[str(item) for item in side] for side in (wanted, got)]
        details = list(difflib.unified_diff(*lines, "wanted", "got", n=0, lineterm=""))[:40]
    else:
        details = ["wanted %r" % (wanted,), "got    %r" % (got,)]
    return ok(got == wanted, sentence, *details)


def skip(sentence, reason):
    """A test point that could not be tried."""
    global _printed
    _printed += 1
    print("ok %d - %s # SKIP %s" % (_printed, sentence.replace("#", "\\#"), reason), flush=True)


def note(*lines):
    """Diagnostics: of every line of every text."""
    for text in lines:
        for line in str(text).splitlines():
            print("# " + line)
    sys.stdout.flush()


@contextlib.contextmanager
def points():
    """Around all test points of a program: prints the plan, or why everything was skipped."""
    begin = time.monotonic()
    try:
        yield
    except Skip as reason:
        if _printed == 0:
            print("1..0 # SKIP %s" % reason, flush=True)
            return
        skip("the rest can be tried", reason)
    note("%s took %.0f s" % (os.path.basename(sys.argv[0]), time.monotonic() - begin))
    print("1..%d" % _printed, flush=True)
