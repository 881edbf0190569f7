"""A sysfs root in memory, read from a .tree file.

A directory is a dict, a file is bytes, and two things more can stand in a directory.
"""

import errno
import json
import re
from collections import namedtuple

Link = namedtuple("Link", "target")
Refusal = namedtuple("Refusal", "errno")    # a file that opens, but fails every read


class Tree:
    """A sysfs root in memory, with the OSErrors that a real one gives."""

    def __init__(self):
        self.root = {}

    def resolve(self, path, create=False):
        """The node at path, symlinks followed; create makes directories that are missing."""
        trail, todo, links = [self.root], path.split("/"), 0
        while todo:
            here, name = trail[-1], todo.pop(0)
            if not isinstance(here, dict):
                raise OSError(errno.ENOTDIR, path)
            if name in ("", "."):
                continue
            if name == "..":
                trail[1:] = trail[1:-1]     # the root is its own parent
                continue
            if create:
                here.setdefault(name, {})
            if name not in here:
                raise OSError(errno.ENOENT, path)
            if isinstance(here[name], Link):
                links += 1
                if links > 40:
                    raise OSError(errno.ELOOP, path)
                todo = here[name].target.split("/") + todo
            else:
                trail.append(here[name])
        return trail[-1]

    def add(self, path, node):
        directory, _, name = path.rpartition("/")
        self.resolve(directory, create=True)[name] = node

    def read(self, path):
        node = self.resolve(path)
        if isinstance(node, dict):
            raise OSError(errno.EISDIR, path)
        if isinstance(node, Refusal):
            raise OSError(node.errno, path)
        return node

    def is_directory(self, path):
        try:
            return isinstance(self.resolve(path), dict)
        except OSError:
            return False

    def names(self, path):
        """The entries of a directory; none where there is no directory."""
        return sorted(self.resolve(path)) if self.is_directory(path) else []

    def link(self, path):
        """The target of a symlink as it is written; "" where there is no symlink."""
        directory, _, name = path.rpartition("/")
        node = self.resolve(directory).get(name) if self.is_directory(directory) else None
        return node.target if isinstance(node, Link) else ""


def read_tree(file_name):
    """Reads a .tree file, one entry a line:

    path = text             a file that holds the text and a newline
    path = "json string"    a file that holds exactly these bytes, in UTF-8
    path ! ERRNO            a file that opens, and fails every read with this error
    path -> target          a symlink
    path/ = (directory)     a directory

    "#" begins a comment, [a-b] in a path is a range of numbers, and a path may lead through the
    symlinks of earlier lines.
    """
    tree = Tree()
    with open(file_name, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            entry = re.fullmatch("(.+?) (=|!|->) (.*)", line)
            if not entry:
                raise ValueError("%s:%d: not an entry: %s" % (file_name, number, line))
            path, sign, content = entry.groups()
            for one in expand(path):
                add_entry(tree, one, sign, content)
    return tree


def expand(path):
    """The paths that a path with ranges stands for."""
    span = re.search(r"\[(\d+)-(\d+)\]", path)
    if not span:
        return [path]
    return [one for n in range(int(span[1]), int(span[2]) + 1)
            for one in expand(path[:span.start()] + str(n) + path[span.end():])]


def add_entry(tree, path, sign, content):
    if sign == "->":
        tree.add(path, Link(content))
    elif sign == "!":
        tree.add(path, Refusal(getattr(errno, content)))
    elif path.endswith("/"):
        tree.resolve(path, create=True)
    elif content.startswith('"'):
        tree.add(path, json.loads(content).encode())
    else:
        tree.add(path, content.encode() + b"\n")
