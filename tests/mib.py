"""The MIB modules below mibs/ as text, by a reading of its own: no Net-SNMP, no catalogue."""

import glob
import os
import re

SOURCE = os.path.abspath(os.environ.get("srcdir") or os.path.join(os.path.dirname(__file__), os.pardir))
ROOT = "rdmaPortMIB"

MACROS = ("MODULE-IDENTITY", "OBJECT-TYPE", "NOTIFICATION-TYPE", "OBJECT-GROUP", "NOTIFICATION-GROUP",
          "MODULE-COMPLIANCE", "OBJECT IDENTIFIER")
TYPE = r"(?:SEQUENCE\s+OF\s+\w+|OCTET\s+STRING|OBJECT\s+IDENTIFIER|\w+)"
SYNTAX = TYPE + r"(?:\s*\{[^}]*\}|\s*\((?:[^()]|\([^)]*\))*\))?"
CLAUSES = {"SYNTAX": SYNTAX, "MAX-ACCESS": r"[\w-]+", "UNITS": r'"\d+"', "REFERENCE": r'"\d+"', "DESCRIPTION": r'"\d+"',
           "INDEX": r"\{[^}]*\}", "AUGMENTS": r"\{[^}]*\}", "OBJECTS": r"\{[^}]*\}", "NOTIFICATIONS": r"\{[^}]*\}"}

# What the modules import, by the types of SMIv2: RFC 2579, 2856, 3411, 4001 and 2863.
CONVENTIONS = {
    "DisplayString": "OCTET STRING (SIZE (0..255))", "SnmpAdminString": "OCTET STRING (SIZE (0..255))",
    "DateAndTime": "OCTET STRING (SIZE (8 | 11))", "MacAddress": "OCTET STRING (SIZE (6))",
    "InetAddress": "OCTET STRING (SIZE (0..255))", "TruthValue": "INTEGER { true(1), false(2) }",
    "InetAddressType": "INTEGER", "InterfaceIndex": "Integer32", "InterfaceIndexOrZero": "Integer32",
    "TimeStamp": "TimeTicks", "CounterBasedGauge64": "Counter64",
}
NUMBERS = ("INTEGER", "Integer32", "Unsigned32", "Gauge32", "TimeTicks", "Counter32")


def without_comments(text):
    """ASN.1 comments removed, quoted strings kept whole."""
    return re.sub(r'("[^"]*")|--[^\n]*', lambda match: match.group(1) or "", text)


class Definition:
    """What a descriptor stands for: { parent number }, its macro, and its clauses, texts in one line."""

    def __init__(self, name, macro, body, place, strings):
        self.name, self.macro, self.body = name, macro, body
        self.parent, self.number = place.split()[0], int(place.split()[-1])
        self.clauses = {}
        for clause, pattern in CLAUSES.items():
            match = re.search(r"(?:^|\s)%s\s*(%s)" % (re.escape(clause), pattern), body)
            value = match.group(1) if match else ""
            if value.startswith('"'):
                value = strings[int(value.strip('"'))]
            self.clauses[clause.lower()] = " ".join(value.split())

    def __getattr__(self, clause):
        """syntax, max_access, units, reference, description: empty where there is none."""
        try:
            return self.__dict__["clauses"][clause.replace("_", "-")]
        except KeyError:
            raise AttributeError(clause) from None

    def listed(self, clause):
        """The descriptors in the braces of a clause."""
        return [name for name in re.findall(r"\w+", self.clauses[clause]) if name != "IMPLIED"]

    def is_table(self):
        return self.syntax.startswith("SEQUENCE OF")

    def is_entry(self):
        return bool(self.index or self.augments)

    def is_leaf(self):
        return self.macro == "OBJECT-TYPE" and not self.is_table() and not self.is_entry()


class Module:
    """One module: definitions by descriptor, in the order of the text, and its own textual conventions."""

    def __init__(self, path):
        strings = []

        def keep(match):
            strings.append(match.group(1))
            return '"%d"' % (len(strings) - 1)

        with open(path, encoding="ascii") as file:
            self.code = re.sub(r'"([^"]*)"', keep, without_comments(file.read()))   # strings by their numbers
        self.name = re.match(r"\s*([\w-]+)\s+DEFINITIONS\s+::=\s+BEGIN", self.code).group(1)
        found = re.findall(r"^([a-z]\w*)\s+(%s)\b(.*?)::=\s*\{([^}]*)\}" % "|".join(MACROS), self.code, re.M | re.S)
        self.definitions = {name: Definition(name, macro, body, place, strings) for name, macro, body, place in found}
        self.conventions = {name: " ".join(syntax.split()) for name, syntax in re.findall(
            r"^([A-Z]\w*)\s*::=\s*TEXTUAL-CONVENTION\b.*?\sSYNTAX\s+(%s)" % SYNTAX, self.code, re.M | re.S)}
        self.identity = self.of("MODULE-IDENTITY")[0]

    def of(self, macro):
        return [definition for definition in self.definitions.values() if definition.macro == macro]

    def child(self, parent, number):
        """The descriptor of { parent number }, None if there is none."""
        for definition in self.definitions.values():
            if (definition.parent, definition.number) == (parent, number):
                return definition.name
        return None

    def leaves(self):
        return [definition for definition in self.definitions.values() if definition.is_leaf()]

    def parent_of_table(self, arc):
        """What the columns of this arc below the objects, or its scalars, hang below; None if there is none."""
        objects = self.child(self.identity.name, 1)
        found = self.child(objects, arc)
        return self.child(found, 1) if found and self.definitions[found].macro == "OBJECT-TYPE" else found


class Modules:
    """All modules together."""

    def __init__(self, directory=os.path.join(SOURCE, "mibs")):
        modules = [Module(path) for path in sorted(glob.glob(os.path.join(directory, "*.txt")))]
        self.by_name = {module.name: module for module in modules}
        self.definitions = {name: definition for module in modules for name, definition in module.definitions.items()}
        self.conventions = dict(CONVENTIONS)
        for module in modules:
            self.conventions.update(module.conventions)

    def find(self, name):
        """The definition of a descriptor; LookupError if no module has it."""
        if name not in self.definitions:
            raise LookupError("no module defines " + name)
        return self.definitions[name]

    def path(self, name):
        """The numbers from the root to a descriptor."""
        numbers = []
        while name != ROOT:
            numbers.insert(0, self.find(name).number)
            name = self.find(name).parent
        return numbers

    def base(self, syntax):
        """A SYNTAX with its textual convention followed: the innermost type, and the outermost refinement of it."""
        name, refinement = re.fullmatch(r"(%s)\s*(.*)" % TYPE, syntax).groups()
        if name not in self.conventions:
            return name, refinement
        base, inner = self.base(self.conventions[name])
        return base, refinement or inner

    def index(self, entry):
        """The descriptors of an entry's index."""
        while entry.augments:
            entry = self.find(entry.listed("augments")[0])
        return entry.listed("index")

    def longest_part(self, name):
        """How many sub-identifiers an object takes as a part of an index, at most: RFC 2578, 7.7."""
        base, refinement = self.base(self.find(name).syntax)
        if base in NUMBERS:
            return 1
        sizes = [int(size) for size in re.findall(r"\d+", refinement)]
        if base != "OCTET STRING" or not sizes:
            raise LookupError("%s is %s %s: how long can it be in an index?" % (name, base, refinement))
        return max(sizes) + (1 if len(set(sizes)) > 1 else 0)   # what is always as long has no length before it
