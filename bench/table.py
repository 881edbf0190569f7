"""The table that bench/run prints: samples of each quantity, what they are compared with, and the bound."""

import re
import statistics

HEADINGS = ("", "minimum", "median", "compared with", "minimum", "median", "ratio", "bound", "")
LEFT = (0, 3, 8)     # columns of text


class Tally:
    """What was measured: samples by name, in the unit of the line that shows them; smaller is better."""

    def __init__(self):
        self.samples, self.missing = {}, {}

    def add(self, name, *figures):
        self.samples.setdefault(name, []).extend(figures)

    def lack(self, reason, *names):
        """Why these could not be measured here."""
        self.missing.update((name, reason) for name in names)

    def least(self, name):
        return min(self.samples[name])

    def median(self, name):
        return statistics.median(self.samples[name])


class Line:
    """One comparison, of samples of a tally that are named.

    bound: of the ratio of the minima if there is something to compare with, else of the median itself, in its unit;
    None only shows the figures.
    """

    def __init__(self, title, unit, measured, compared=None, against="", bound=None):
        self.title, self.unit, self.measured, self.compared = title, unit, measured, compared
        self.against, self.bound = against, bound

    def ratio(self, tally):
        return tally.least(self.measured) / tally.least(self.compared) if self.compared else None

    def is_over(self, tally):
        return self.verdict(tally) == "over"

    def verdict(self, tally):
        for name in (self.measured, self.compared):
            if name in tally.missing:
                return "not measured: " + tally.missing[name]
        if self.bound is None:
            return ""
        figure = self.ratio(tally) if self.compared else tally.median(self.measured)
        return "ok" if figure <= self.bound else "over"

    def cells(self, tally):
        def figures(name):
            return [number(tally.least(name)), number(tally.median(name))] if name in tally.samples else ["", ""]

        measured, compared = figures(self.measured), figures(self.compared)
        ratio = "%.2f" % self.ratio(tally) if measured[0] and compared[0] else ""
        bound = "" if self.bound is None else number(self.bound) + ("" if self.compared else " " + self.unit)
        title = "%s, %s" % (self.title, self.unit) if self.unit else self.title
        return (title, *measured, self.against, *compared, ratio, bound, self.verdict(tally))


def number(figure):
    """Three digits, as people write them."""
    if figure == 0 or figure >= 100 or figure == int(figure):
        return "{:,.0f}".format(figure)
    return "%.3g" % figure


def text(rows):
    """Rows of cells, the headings first, for a terminal."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) if i in LEFT else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows)


def markdown(rows):
    aligned = ["---" if i in LEFT else "---:" for i in range(len(HEADINGS))]
    return "\n".join("| %s |" % " | ".join(row) for row in [rows[0], aligned, *rows[1:]])


def write(path, replacement):
    """Puts the text between the two comments that name bench/run, on lines of their own, in a file."""
    with open(path, encoding="utf-8") as file:
        head, comment, rest = re.split(r"(<!-- bench/run .*?-->\n)", file.read(), maxsplit=1)
    _, end, tail = re.split(r"(<!-- bench/run .*?-->\n)", rest, maxsplit=1)
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + comment + "\n" + replacement + "\n\n" + end + tail)
