"""The samples that a sysfs tree must give, by a reading of their own.

They come from the tree by expected_rows' reading of it and from the tables below, which state names and
labels once more: nothing here reads the catalogue or the files in prometheus/."""

import re
import subprocess

import expected_objects
from expected_rows import COUNTER, Agent, NamedCounter
from expected_walk import readable_counters
from sysfs_values import MAX32

WRAP = 2**53    # the exporter's values of a Counter64 are modulo this, so that a float holds them exactly
BYTES_PER_MEGABIT = 125000

# Files of hw_counters/ with a metric of their own: those with an object of their own in the MIB.
OBJECTS = {entry[0] for entry in expected_objects.OBJECTS}
ALIASES = {"rx_packets": "rx_pkts", "tx_packets": "tx_pkts"}

# Metrics whose value depends on the time or on the program, and their type.
VOLATILE = {
    "rdma_agent_snapshot_age_seconds": "gauge", "rdma_scrape_duration_seconds": "gauge",
    "rdma_refresh_p50_seconds": "gauge", "rdma_refresh_p95_seconds": "gauge", "rdma_refresh_p99_seconds": "gauge",
    "rdma_refresh_max_seconds": "gauge", "rdma_refresh_seconds_total": "counter", "rdma_refreshes_total": "counter",
    "rdma_scrape_errors_total": "counter",
}


def sample(name, value, **labels):
    """A sample; labels without a value are none, as Prometheus has it."""
    pairs = [(label, str(text)) for label, text in labels.items() if text not in (None, "")]
    return (name, tuple(sorted(pairs))), float(value)


def counter_samples(tree):
    """Every counter file of the tree as samples: by its own name where it has one, and by its file's."""
    for device, port, directory, file, value in readable_counters(tree):
        if value is None:
            continue
        wrapped, labels = value % WRAP, {"device": device, "port": port}
        own_name = ALIASES.get(file, file)
        if directory == "counters" or port is not None and "rdmaHw" + expected_objects.camel(own_name) in OBJECTS:
            stem = re.sub("^port_", "", own_name.lower())
            yield sample("rdma_port_%s_total" % {"symbol_error": "symbol_errors"}.get(stem, stem), wrapped, **labels)
        if directory == "hw_counters":
            counts = NamedCounter(file, value).kind == COUNTER
            name = (("rdma_device_level", "rdma_device_stat_total") if port is None else
                    ("rdma_port_hw_level", "rdma_port_hw_stat_total"))[counts]
            yield sample(name, wrapped if counts else min(value, MAX32), counter=file, **labels)


def port_samples(port):
    labels, files, rate = {"device": port.device.name, "port": port.number}, port.files, port.rate()

    def numbered(name, known):
        number = files[name].number if files.get(name) else None
        return number if number is None or number in known else 255

    values = {
        "rdma_port_status": port.status(), "rdma_port_state": numbered("state", range(0, 6)),
        "rdma_port_phys_state": numbered("phys_state", range(1, 8)),
        "rdma_port_link_width_lanes": rate and rate.width,
        "rdma_port_link_speed_bytes_per_second": rate and rate.speed * BYTES_PER_MEGABIT,
        "rdma_port_state_changes_total": 0, "rdma_port_error_events_total": 0,
        "rdma_port_saturated_counters": port.saturated(),
        "rdma_port_lid": files.get("lid"), "rdma_port_sm_lid": files.get("sm_lid"),
    }
    for direction in ("xmit", "rcv"):
        octets = port.octets("port_%s_data" % direction)
        values["rdma_port_%s_bytes_total" % direction] = None if octets is None else octets % WRAP
    for name, value in values.items():
        if value is not None:
            yield sample(name, value, **labels)
    yield sample("rdma_port_info", 1, **labels, link_layer=files.get("link_layer"),
                 state=files["state"].text if files.get("state") else None,
                 phys_state=files["phys_state"].text if files.get("phys_state") else None,
                 link_width=rate and rate.width_text, link_speed=rate and rate.speed_text, netdev=port.netdev)


def device_samples(device):
    def cut(name, size):
        return (device.files.get(name) or "")[:size]    # the longest text that the MIB has room for

    yield sample("rdma_device_status", device.status(), device=device.name)
    yield sample("rdma_device_info", 1, device=device.name, fw_ver=cut("fw_ver", 64), board_id=cut("board_id", 127),
                 hca_type=cut("hca_type", 64),
                 node_guid=expected_objects.unless_zero(device.files.get("node_guid")), pci_addr=device.pci_address(),
                 driver=device.driver, parent=device.parent)


def expected_samples(tree, version):
    agent = Agent(tree, 1000)
    pairs = [sample("rdma_agent_info", 1, version=version), sample("rdma_agent_health", 1),
             sample("rdma_agent_devices", len(agent.devices)), sample("rdma_agent_ports", len(agent.ports)),
             sample("rdma_agent_stalled_devices", 0), sample("rdma_agent_notifications_enabled", 0),
             sample("rdma_agent_cache_max_age_seconds", 1), sample("rdma_agent_names_not_served", agent.hidden)]
    pairs += counter_samples(tree)
    for device in agent.devices:
        pairs += device_samples(device)
    for port in agent.ports:
        pairs += port_samples(port)
    return dict(pairs)


def lines(samples):
    return sorted("%s{%s} %r" % (name, ",".join('%s="%s"' % pair for pair in labels), value)
                  for (name, labels), value in samples.items())


def agent_version(agent):
    program = agent.arguments[agent.arguments.index("-f") - 1]      # behind what it may be wrapped in
    text = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"\d+(\.\d+)+", text)[0]
