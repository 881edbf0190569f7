"""All kinds of faults. The soak has HARDWARE and MASTERS; bench/reliability also the rest, one at a time."""

from fault_errors import ERRORS, TEXTS, FirmwareReset, Unlistable
from fault_hangs import DELAYS, HANGS, MORE_HANGS
from fault_master import MASTERS, MORE_MASTERS
from fault_plugs import PLUGS

RESETS = [FirmwareReset, Unlistable]
HARDWARE = HANGS + DELAYS + ERRORS + TEXTS + PLUGS + RESETS
SECTIONS = (("Hanging and slow hardware", HANGS + MORE_HANGS + DELAYS),
            ("Hardware that refuses", ERRORS + RESETS + TEXTS), ("Devices that come and go", PLUGS),
            ("snmpd", MASTERS + MORE_MASTERS))
