"""What the bytes of a file of sysfs mean. ValueError: they give no value."""

import re
from collections import namedtuple

MAX32, MAX64 = 2**32 - 1, 2**64 - 1


def number(data, pattern, base, low, high):
    match = re.fullmatch(pattern + rb"\n", data)
    if not match or not low <= int(match[1], base) <= high:
        raise ValueError(data)
    return int(match[1], base)


def decimal64(data):
    return number(data, rb"([0-9]+)", 10, 0, MAX64)


def decimal32(data):
    return number(data, rb"([0-9]+)", 10, 0, MAX32)


def hexadecimal(data):
    return number(data, rb"0x([0-9a-fA-F]+)", 16, 0, MAX32)


def numa_node(data):
    """-1 is a value too, though no cell shows it."""
    return number(data, rb"(-1|[0-9]+)", 10, -1, 2**31 - 1)


def interface(data):
    return number(data, rb"([0-9]+)", 10, 1, 2**31 - 1)


def text(data):
    """Printable ASCII; an empty text is a value too, though no cell shows it. No file is longer than a page."""
    if len(data) > 4096:
        raise ValueError(data)
    return "".join(chr(byte) if 0x20 <= byte <= 0x7e else "?" for byte in data.rstrip(b"\n"))


def word(data):
    """A text that is never empty."""
    if not text(data):
        raise ValueError(data)
    return text(data)


def guid_text(data):
    """Groups of hexadecimal digits; what has another form is no GUID, and no failure."""
    return text(data) if re.fullmatch("[0-9a-fA-F]{4}((:[0-9a-fA-F]{4}){3}|(:[0-9a-fA-F]{4}){7})", text(data)) else ""


Numbered = namedtuple("Numbered", "number text")


def numbered(data):
    """'4: ACTIVE'"""
    match = re.fullmatch("([0-9]+): (.+)", text(data))
    if not match:
        raise ValueError(data)
    return Numbered(int(match[1]), match[2])


Rate = namedtuple("Rate", "speed width speed_text width_text generation")


def rate(data):
    """'2.5 Gb/sec (1X SDR)'; old kernels print no generation."""
    match = re.fullmatch(r"(([0-9]+)(?:\.([0-9]))? Gb/sec) \((([0-9]+)X)(?: (\S+))?\)", text(data))
    if not match:
        raise ValueError(data)
    speed_text, whole, tenths, width_text, width, generation = match.groups()
    return Rate(int(whole) * 1000 + int(tenths or 0) * 100, int(width), speed_text, width_text, generation)
