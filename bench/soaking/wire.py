"""Questions in octets, and the times between which each was asked and answered."""

import collections
import time

import ber

# cells: (OID, tag, value) of each varbind; None if no answer came in time. error: error-status. start, end: s,
# monotonic.
Answer = collections.namedtuple("Answer", "cells error start end")


class Wire(ber.Client):
    """One client: one request at a time."""

    def timed(self, kind, oids, first=0, second=0):
        start = time.monotonic()
        answer = self.ask(kind, oids, first, second)
        return Answer(answer and answer.varbinds, answer and answer.error, start, time.monotonic())

    def get(self, oids):
        return self.timed(ber.GET, oids)

    def getnext(self, oids):
        return self.timed(ber.GETNEXT, oids)

    def getbulk(self, oids, non_repeaters, repetitions):
        return self.timed(ber.GETBULK, oids, non_repeaters, repetitions)
