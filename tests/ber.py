"""SNMPv1 and SNMPv2c in octets: requests of any shape, quickly, which Net-SNMP's programs would not send.

    client = ber.Client(port)
    answer = client.ask(ber.GETNEXT, [(1, 3, 6, 1, 2, 1)])
    answer.varbinds        [((1, 3, 6, 1, 2, 1, 1, 1, 0), ber.OCTETS, b"Linux ...")]

X.690 says how values become octets, RFC 3416 and RFC 1157 what a message is made of.
"""

import collections
import itertools
import socket
import time

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
IP_ADDRESS, COUNTER32, GAUGE, TIMETICKS, OPAQUE, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = 0x80, 0x81, 0x82
GET, GETNEXT, RESPONSE, SET, GETBULK = 0xa0, 0xa1, 0xa2, 0xa3, 0xa5
NO_ERROR, TOO_BIG, NO_SUCH_NAME, BAD_VALUE, GEN_ERR, NO_ACCESS, WRONG_TYPE, NOT_WRITABLE = 0, 1, 2, 3, 5, 6, 7, 17
V1, V2C = 0, 1
NUMBERS = (INTEGER, COUNTER32, GAUGE, TIMETICKS, COUNTER64)
MISSING = (NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW)

# error and index: error-status and error-index. varbinds: (OID, tag, value). seconds: how long it took.
Answer = collections.namedtuple("Answer", "error index varbinds seconds")


# --- Octets of values

def wrap(tag, content):
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def encode_integer(number, tag=INTEGER):
    return wrap(tag, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def encode_oid(oid):
    """The first two sub-identifiers share their octets; a name of one has the second one 0, the empty one no octets."""
    if not oid:
        return wrap(OID, b"")
    octets = bytearray()
    for part in (oid[0] * 40 + (oid[1] if len(oid) > 1 else 0),) + tuple(oid[2:]):
        septets = [part & 0x7f]
        while part > 0x7f:
            part >>= 7
            septets.append(part & 0x7f | 0x80)
        octets += bytes(reversed(septets))
    return wrap(OID, bytes(octets))


def encode_value(tag, value):
    if tag in NUMBERS:
        return encode_integer(value, tag)
    return encode_oid(value) if tag == OID else wrap(tag, value)


# --- Values of octets

def unwrap(octets, at=0):
    """The tag and the content at a place, and the place behind them."""
    tag, size, at = octets[at], octets[at + 1], at + 2
    if size & 0x80:
        end = at + (size & 0x7f)
        size, at = int.from_bytes(octets[at:end], "big"), end
    if at + size > len(octets):
        raise ValueError("a message that is cut off")
    return tag, octets[at:at + size], at + size


def unwrap_all(octets):
    at = 0
    while at < len(octets):
        tag, content, at = unwrap(octets, at)
        yield tag, content


def decode_oid(content):
    parts, part = [], 0
    for octet in content:
        part = part << 7 | octet & 0x7f
        if not octet & 0x80:
            parts.append(part)
            part = 0
    if not parts:
        return ()
    first = min(parts[0] // 40, 2)
    return (first, parts[0] - 40 * first, *parts[1:])


def decode_value(tag, content):
    if tag in NUMBERS:
        return int.from_bytes(content, "big", signed=tag == INTEGER)
    if tag in (NULL, *MISSING):
        return None
    return decode_oid(content) if tag == OID else content


# --- Messages

def encode_message(version, community, kind, number, varbinds, first=0, second=0):
    """varbinds: OIDs, or (OID, tag, value) with a value. first and second: non-repeaters and max-repetitions."""
    listed = b"".join(
        wrap(SEQUENCE, encode_oid(varbind[0]) + encode_value(*varbind[1:])
             if varbind and isinstance(varbind[0], tuple) else encode_oid(varbind) + wrap(NULL, b""))
        for varbind in varbinds)
    body = b"".join(map(encode_integer, (number, first, second))) + wrap(SEQUENCE, listed)
    return wrap(SEQUENCE, encode_integer(version) + wrap(OCTETS, community.encode()) + wrap(kind, body))


def decode_message(octets):
    """request-id, error-status, error-index and the varbinds of a response."""
    _, (kind, body) = list(unwrap_all(unwrap(octets)[1]))[1:]
    if kind != RESPONSE:
        raise ValueError("a message of kind %#x is no response" % kind)
    *numbers, (_, listed) = unwrap_all(body)
    varbinds = []
    for _, varbind in unwrap_all(listed):
        (_, name), (tag, content) = unwrap_all(varbind)
        varbinds.append((decode_oid(name), tag, decode_value(tag, content)))
    return (*(decode_value(INTEGER, content) for _, content in numbers), varbinds)


class Client:
    """Asks an agent on a UDP port of 127.0.0.1, which need not be there. Not to be shared by threads."""

    _numbers = itertools.count(1)

    def __init__(self, port, version=V2C, community="public", timeout=5):
        self.peer, self.version, self.community, self.timeout = ("127.0.0.1", port), version, community, timeout
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        self.socket.close()

    def send_octets(self, octets):
        self.socket.sendto(octets, self.peer)

    def send(self, kind, varbinds, first=0, second=0):
        """Sends a request; its number."""
        number = next(self._numbers)
        self.send_octets(encode_message(self.version, self.community, kind, number, varbinds, first, second))
        return number

    def receive(self, number):
        """The answer to that request; None if none comes in time."""
        start = time.monotonic()
        while True:
            left = start + self.timeout - time.monotonic()
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                answered, error, index, varbinds = decode_message(self.socket.recv(65536))
            except socket.timeout:
                return None
            if answered == number:
                return Answer(error, index, varbinds, time.monotonic() - start)

    def ask(self, kind, varbinds, first=0, second=0):
        return self.receive(self.send(kind, varbinds, first, second))
