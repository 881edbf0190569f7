"""Bare Debian systems in directories: what debootstrap makes, and commands that are run in them.

    root = chroot.copy("bookworm", os.path.join(workspace.directory, "root"))
    chroot.run(root, "apt-get update", seconds=300)

A command sees a system of its own: nothing of it is left mounted or running when it has ended. What is downloaded and the
bare systems are kept in CHROOTS, by default the directory chroots in the build directory. Needs root. tap.Skip is raised
where something is missing.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile

import tap
from harness import die_with_parent
from snmp import BUILD

RELEASES = {"bookworm": "Debian 12", "trixie": "Debian 13"}
CACHE = os.environ.get("CHROOTS") or os.path.join(BUILD, "chroots")
ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C", "HOME": "/root",
               "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
OWN_NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]

# Mounts of its own, which end with the command. Packages are downloaded once for all copies of a release.
IN_CHROOT = """
root=$1; shift
mount --bind "$root" "$root" && cd "$root"
mount -t proc proc proc
mount --rbind /sys sys && mount -o remount,bind,ro sys
mount --rbind /dev dev
mkdir -p var/cache/apt/archives
mount --bind "$ARCHIVES" var/cache/apt/archives
exec chroot . "$@"
"""


def need():
    """Skips the rest where no chroot can be had."""
    if os.geteuid() != 0:
        raise tap.Skip("needs root, for chroots")
    for program in ("debootstrap", "unshare", "apt-get"):
        if not shutil.which(program):
            raise tap.Skip("no " + program)
    if subprocess.run([*OWN_NAMESPACES, "true"], capture_output=True, check=False).returncode != 0:
        raise tap.Skip("may not mount here")


def mirror():
    """Where this machine gets Debian's packages from."""
    done = subprocess.run(["apt-get", "indextargets", "--format", "$(COMPONENT) $(REPO_URI)", "Created-By: Packages",
                           "Label: Debian"], capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        component, uri = line.split(None, 1)
        if component == "main":
            return uri
    raise tap.Skip("apt knows no mirror of Debian")


def base(release):
    """The directory of a bare system of this release, not to be changed; made once."""
    os.makedirs(CACHE, exist_ok=True)
    path = os.path.join(CACHE, release)
    with open(path + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)    # test programs run side by side
        if not os.path.exists(path):
            new = path + ".new"
            shutil.rmtree(new, ignore_errors=True)
            with open(path + ".log", "wb") as log:
                done = subprocess.run(["debootstrap", "--variant=minbase", release, new, mirror()], stdout=log,
                                      stderr=log, check=False)
            if done.returncode != 0:
                with open(path + ".log", encoding="utf-8", errors="replace") as log:
                    raise tap.Skip("debootstrap cannot make a bare %s: %s" % (
                        RELEASES[release], log.read().strip().splitlines()[-1]))
            shutil.copy("/etc/resolv.conf", os.path.join(new, "etc", "resolv.conf"))
            os.rename(new, path)
    return path


def copy_tree(source, target):
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", source, target], check=True)


def copy(release, path):
    """Makes a bare system of its own at path. Returns path."""
    copy_tree(base(release), path)
    return path


@contextlib.contextmanager
def archives(root):
    """A directory with the packages that were downloaded before for this release; those that come to it are kept."""
    with open(os.path.join(root, "etc", "debian_version"), encoding="ascii") as file:
        kept = os.path.join(CACHE, "archives-" + file.read().partition(".")[0].strip())
    os.makedirs(kept, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as directory:      # of its own, for apt locks it
        os.chmod(directory, 0o755)      # apt reads it as a user of its own
        os.mkdir(os.path.join(directory, "partial"))
        link_packages(kept, directory)
        yield directory
        link_packages(directory, kept)


def link_packages(source, target):
    for name in os.listdir(source):
        if name.endswith(".deb"):
            with contextlib.suppress(FileExistsError):
                os.link(os.path.join(source, name), os.path.join(target, name))


def run(root, command, seconds, environment=None, user=None):
    """(exit status, what it printed) of a line of shell in a system, as root or as a user of it."""
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    shell = ["sh", "-c", command] if user is None else ["setpriv", "--reuid=" + user, "--regid=" + user,
                                                        "--init-groups", "sh", "-c", command]
    with archives(root) as packages:
        try:
            done = subprocess.run([*OWN_NAMESPACES, "sh", "-ec", IN_CHROOT, "sh", root, *shell],
                                  env={**proxies, **ENVIRONMENT, **(environment or {}), "ARCHIVES": packages},
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                                  timeout=seconds, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent, check=False)
        except subprocess.TimeoutExpired as late:
            return "still running after %d s" % seconds, (late.stdout or b"").decode("utf-8", "replace")
    return done.returncode, done.stdout
