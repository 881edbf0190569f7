#!/usr/bin/env python3
"""What a scrape costs on the wire: SNMP requests and the size of their replies, seen by a relay between
exporter and snmpd, for a host with 8 ports of 52 counters each, all of them as large as they get."""

import collections
import select
import socket
import threading

import prometheus_programs as programs
import tap
from expected_objects import MLX5_HW_FILES
from expected_rows import PMA_FILES
from harness import UNHURRIED, Agent, Master, Tree, Workspace, serving_whole

PORTS = 8
LARGEST = 2**64 - 1

MOST_REQUESTS, LARGEST_REPLY = 25, 1400     # of module rdma_port; the reply must fit one frame of 1500 octets


def host(workspace, name):
    """A .tree of 8 devices with one port each; %d in the name is the device's number."""
    lines = []
    for number in range(PORTS):
        device = "class/infiniband/" + name % number
        port = device + "/ports/1"
        lines += ["%s/node_type = 1: CA" % device, "%s/node_guid = 0c42:a103:00ab:%04x" % (device, number),
                  "%s/fw_ver = 28.39.1002" % device, "%s/hca_type = MT4129" % device,
                  "%s/board_id = MT_0000000838" % device, "%s/state = 4: ACTIVE" % port,
                  "%s/phys_state = 5: LinkUp" % port, "%s/link_layer = InfiniBand" % port,
                  "%s/rate = 400 Gb/sec (4X NDR)" % port, "%s/lid = 0x%x" % (port, 0x100 + number),
                  "%s/sm_lid = 0x1" % port]
        lines += ["%s/counters/%s = %d" % (port, file, LARGEST) for file in PMA_FILES]
        lines += ["%s/hw_counters/%s = %d" % (port, file, LARGEST) for file in MLX5_HW_FILES]
    return workspace.write("host.tree", "\n".join(lines) + "\n")


Pair = collections.namedtuple("Pair", "request reply")      # octets of the UDP payload


class Relay:
    """Passes datagrams between one client at a time and snmpd, and notes their sizes."""

    def __init__(self, port):
        self.sizes, self._reset = [], threading.Event()
        self._client, self._server = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self._client.bind(("127.0.0.1", 0))
        self._server.connect(("127.0.0.1", port))
        self.port = self._client.getsockname()[1]
        self._ended = socket.socketpair()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._ended[1].close()
        self._thread.join()
        for one in (self._client, self._server, self._ended[0]):
            one.close()

    def _run(self):
        peer = None
        while True:
            ready = select.select([self._client, self._server, self._ended[0]], [], [])[0]
            if self._ended[0] in ready:
                return
            if self._client in ready:
                datagram, peer = self._client.recvfrom(65536)
                self._server.send(datagram)
                self.sizes.append(Pair(len(datagram), 0))
            if self._server in ready:
                datagram = self._server.recv(65536)
                self.sizes[-1] = Pair(self.sizes[-1].request, len(datagram))
                self._client.sendto(datagram, peer)

    def pairs(self):
        """The pairs since the last call."""
        pairs, self.sizes = self.sizes, []
        return pairs


def main():
    with tap.points(), Workspace() as workspace:
        exporters = [workspace.enter(programs.Exporter(workspace, version, program))
                     for version, program in programs.exporters().items()]
        master = workspace.enter(Master(workspace))
        relay = workspace.enter(Relay(master.port))
        for name in ("mlx5_%d", "rocep193s0f%dv12"):     # as the kernel and as udev's rule name a device
            with Tree(workspace, host(workspace, name), faults=False) as tree, \
                    Agent(workspace, master, tree.root, *UNHURRIED):
                serving_whole(master)
                for exporter in exporters:
                    check(exporter, relay, name % 0)


def check(exporter, relay, device):
    for module in ("rdma",) if exporter.is_flat else programs.MODULES:
        exposition = exporter.scrape(relay.port, (module,))
        pairs = relay.pairs()
        said = sum(value for (name, _), value in programs.samples(exposition).items()
                   if name == "snmp_scrape_packets_sent")
        figures = "%d requests, replies of at most %d octets" % (len(pairs), max(pair.reply for pair in pairs))
        tap.note("%s, %d ports like %s, %s: %s" % (exporter.name, PORTS, device, module, figures))
        tap.equal(len(pairs), said, "%s, %s, %s: the exporter counts as many requests as the wire carries" %
                  (exporter.name, device, module))
        tap.ok(max(pair.reply for pair in pairs) <= LARGEST_REPLY, "%s, %s, %s: no reply is above %d octets" %
               (exporter.name, device, module, LARGEST_REPLY), figures)
        if module == "rdma_port":
            counters = [name for name, labels in programs.samples(exposition)
                        if name.startswith("rdma_port_") and len(labels) == 2]
            tap.ok(len(counters) >= PORTS * (len(PMA_FILES) + len(MLX5_HW_FILES)) and len(pairs) <= MOST_REQUESTS,
                   "%s, %s: %d ports of %d counters take at most %d requests" %
                   (exporter.name, device, PORTS, len(PMA_FILES) + len(MLX5_HW_FILES), MOST_REQUESTS), figures)


if __name__ == "__main__":
    main()
