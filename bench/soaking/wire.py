"""SNMPv2c over UDP in a few lines, fast enough to ask hundreds of times a second."""

import collections
import random
import select
import socket
import time

GET, GETNEXT, GETBULK, RESPONSE = 0xa0, 0xa1, 0xa5, 0xa2
INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
COUNTER32, GAUGE, TICKS, COUNTER64 = 0x41, 0x42, 0x43, 0x46
NO_OBJECT, NO_INSTANCE, END = 0x80, 0x81, 0x82
MISSING = (NO_OBJECT, NO_INSTANCE, END)

# cells: (OID, type, value) of each varbind, value an int, bytes, a tuple or None. error: error-status. start, end: s,
# monotonic.
Answer = collections.namedtuple("Answer", "cells error start end")


def wrap(tag, content):
    n = len(content)
    if n < 0x80:
        return bytes((tag, n)) + content
    length = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def encode_integer(number):
    return wrap(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def encode_oid(oid):
    octets = bytearray()
    for part in (40 * oid[0] + oid[1], *oid[2:]):
        groups = [part & 0x7f]
        while part > 0x7f:
            part >>= 7
            groups.append(0x80 | part & 0x7f)
        octets += bytes(reversed(groups))
    return wrap(OID, bytes(octets))


def encode_request(kind, community, number, oids, first=0, second=0):
    varbinds = b"".join(wrap(SEQUENCE, encode_oid(oid) + b"\x05\x00") for oid in oids)
    pdu = encode_integer(number) + encode_integer(first) + encode_integer(second) + wrap(SEQUENCE, varbinds)
    return wrap(SEQUENCE, encode_integer(1) + wrap(OCTETS, community) + wrap(kind, pdu))


def open_one(data, at):
    """(tag, start, end) of the element at an offset."""
    tag, length, at = data[at], data[at + 1], at + 2
    if length & 0x80:
        octets = length & 0x7f
        length, at = int.from_bytes(data[at:at + octets], "big"), at + octets
    return tag, at, at + length


def decode_oid(octets):
    parts, part = [], 0
    for octet in octets:
        part = part << 7 | octet & 0x7f
        if not octet & 0x80:
            parts.append(part)
            part = 0
    first = min(parts[0] // 40, 2)
    return (first, parts[0] - 40 * first, *parts[1:])


def decode_value(tag, octets):
    if tag == INTEGER:
        return int.from_bytes(octets, "big", signed=True)
    if tag in (COUNTER32, GAUGE, TICKS, COUNTER64):
        return int.from_bytes(octets, "big")
    if tag == OID:
        return decode_oid(octets)
    return octets if tag == OCTETS else None


def decode_answer(data):
    """(request-id, error-status, cells) of a message."""
    _, at, _ = open_one(data, 0)
    for _ in range(2):                          # version, community
        at = open_one(data, at)[2]
    tag, at, _ = open_one(data, at)
    if tag != RESPONSE:
        raise ValueError("no response")
    numbers = []
    for _ in range(3):                          # request-id, error-status, error-index
        _, start, at = open_one(data, at)
        numbers.append(int.from_bytes(data[start:at], "big", signed=True))
    _, at, end = open_one(data, at)
    cells = []
    while at < end:
        _, start, at = open_one(data, at)
        _, name, name_end = open_one(data, start)
        kind, value, value_end = open_one(data, name_end)
        cells.append((decode_oid(data[name:name_end]), kind, decode_value(kind, data[value:value_end])))
    return numbers[0], numbers[1], cells


class Wire:
    """One client: a socket, and one request at a time."""

    def __init__(self, port, community, timeout):
        self.peer, self.community, self.timeout = ("127.0.0.1", port), community.encode(), timeout
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.number = random.randrange(1, 1 << 30)

    def close(self):
        self.socket.close()

    def ask(self, kind, oids, first=0, second=0):
        """The answer; its cells are None if none came in time."""
        self.number = self.number % (1 << 30) + 1
        start = time.monotonic()
        self.socket.sendto(encode_request(kind, self.community, self.number, oids, first, second), self.peer)
        while True:
            left = start + self.timeout - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return Answer(None, None, start, time.monotonic())
            try:
                data = self.socket.recv(65536)
            except ConnectionError:             # nothing listens there at the moment
                continue
            number, error, cells = decode_answer(data)
            if number == self.number:           # others are late answers to requests given up
                return Answer(cells, error, start, time.monotonic())

    def get(self, oids):
        return self.ask(GET, oids)

    def getnext(self, oids):
        return self.ask(GETNEXT, oids)

    def getbulk(self, oids, non_repeaters, repetitions):
        return self.ask(GETBULK, oids, non_repeaters, repetitions)
