"""The master's side of AgentX (RFC 2741), as far as tests need it: takes a subagent's session and asks it anything.

Messages are built here octet by octet, so that also what no snmpd would send can be sent.
"""

import collections
import fcntl
import select
import socket
import struct
import termios
import time

OPEN, CLOSE, REGISTER, UNREGISTER, GET, GETNEXT, PING, ADD_CAPABILITIES, RESPONSE = 1, 2, 3, 4, 5, 6, 13, 16, 18
NON_DEFAULT_CONTEXT, NETWORK_BYTE_ORDER = 0x08, 0x10
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = 128, 129, 130
INTEGER, OCTET_STRING, COUNTER32, GAUGE32, TIME_TICKS, COUNTER64 = 2, 4, 65, 66, 67, 70
HEADER = struct.Struct("<BBBBIIII")
INTERNET = (1, 3, 6, 1)
PATIENCE = 20   # s

# start and end: OIDs; is_inclusive: whether start itself is asked for too
Range = collections.namedtuple("Range", "start is_inclusive end")
# begin, end: where the value stands in its message
Varbind = collections.namedtuple("Varbind", "oid type value begin end")


def order_of(flags):
    return ">" if flags & NETWORK_BYTE_ORDER else "<"


def put_oid(oid, is_inclusive=False, order="<"):
    prefix = 0
    if len(oid) > 4 and oid[:4] == INTERNET and 0 < oid[4] < 256:
        prefix, oid = oid[4], oid[5:]
    return struct.pack("%sBBBB%dI" % (order, len(oid)), len(oid), prefix, is_inclusive, 0, *oid)


def put_octets(octets, order="<"):
    return struct.pack(order + "I", len(octets)) + octets + bytes(-len(octets) % 4)


def parse_oid(message, at):
    count, prefix = message[at], message[at + 1]
    oid = struct.unpack_from("<%dI" % count, message, at + 4)
    return (INTERNET + (prefix,) if prefix else ()) + oid, at + 4 + 4 * count


def packet_of(message):
    """The number of a message in little-endian order, which its response has too."""
    return HEADER.unpack_from(message)[6]


def parse_varbinds(message):
    """Those of a response in little-endian order; Net-SNMP repeats the context of the request in it."""
    varbinds, at = [], HEADER.size + 8
    if message[2] & NON_DEFAULT_CONTEXT:
        length, = struct.unpack_from("<I", message, HEADER.size)
        at += 4 + length + -length % 4
    while at < len(message):
        kind, = struct.unpack_from("<H", message, at)
        oid, begin = parse_oid(message, at + 4)
        value, at = None, begin
        if kind in (INTEGER, COUNTER32, GAUGE32, TIME_TICKS):
            value, = struct.unpack_from("<i" if kind == INTEGER else "<I", message, begin)
            at = begin + 4
        elif kind == COUNTER64:
            value, = struct.unpack_from("<Q", message, begin)
            at = begin + 8
        elif kind == OCTET_STRING:
            length, = struct.unpack_from("<I", message, begin)
            begin += 4
            value, at = message[begin:begin + length], begin + length + -length % 4
        else:
            assert kind in (NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW), (kind, message.hex(" ", 4))
        varbinds.append(Varbind(oid, kind, value, begin, at))
    return varbinds


class Connection:
    """One subagent's session, from its Open on."""

    def __init__(self, listener, session_id):
        self.session_id = session_id
        self.packet_id = 1000
        self.socket, _ = listener.accept()
        self.socket.settimeout(PATIENCE)
        self.registered = []

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def receive(self):
        """The next whole message, in either octet order."""
        header = self.receive_octets(HEADER.size)
        return header + self.receive_octets(struct.unpack_from(order_of(header[2]) + "I", header, 16)[0])

    def receive_octets(self, count):
        octets = b""
        while len(octets) < count:
            more = self.socket.recv(count - len(octets))
            if not more:
                raise EOFError("the subagent has closed its session")
            octets += more
        return octets

    def serve(self, message):
        """Answers what the subagent sends by itself: all is well, and the uptime is 0."""
        _, kind, flags, _, _, transaction, packet, _ = HEADER.unpack_from(message)
        assert not flags & NETWORK_BYTE_ORDER, "this machine is little-endian, and so is what a subagent sends here"
        if kind == REGISTER:
            self.registered.append(parse_oid(message, HEADER.size + 4)[0])
        self.send(HEADER.pack(1, RESPONSE, 0, 0, self.session_id, transaction, packet, 8) + bytes(8))

    def serve_until(self, condition):
        """Answers what comes until condition() is true."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("the subagent does not get there")
            if select.select([self.socket], [], [], 0.02)[0]:
                self.serve(self.receive())

    def send(self, message):
        self.socket.sendall(message)

    def wait_until_read(self):
        """Waits until the subagent has read all that was sent."""
        end = time.monotonic() + PATIENCE
        while struct.unpack("i", fcntl.ioctl(self.socket, termios.TIOCOUTQ, bytes(4)))[0] > 0:
            if time.monotonic() > end:
                raise TimeoutError("the subagent does not read")
            time.sleep(0.001)

    def message(self, kind, ranges, flags=0, context=b"", session_id=None):
        """A Get or GetNext of Ranges."""
        order = order_of(flags)
        body = put_octets(context, order) if flags & NON_DEFAULT_CONTEXT else b""
        for item in ranges:
            body += put_oid(item.start, item.is_inclusive, order) + put_oid(item.end, False, order)
        self.packet_id += 1
        identity = self.session_id if session_id is None else session_id
        return struct.pack(order + HEADER.format[1:], 1, kind, flags, 0, identity, 77, self.packet_id,
                           len(body)) + body

    def ask(self, *arguments, **more):
        """Sends such a message; the whole response."""
        self.send(self.message(*arguments, **more))
        return self.receive_response()

    def receive_response(self):
        while True:
            message = self.receive()
            if message[1] == RESPONSE:
                return message
            self.serve(message)


class Listener:
    """The socket that subagents connect to, at path; accept waits for the next of them. Stands in for a harness.Master."""

    def __init__(self, path):
        self.socket = "unix:" + path
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(path)
        self._socket.listen()
        self._socket.settimeout(PATIENCE)
        self._sessions = 0

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._socket.close()

    def accept(self):
        self._sessions += 1
        return Connection(self._socket, self._sessions)
