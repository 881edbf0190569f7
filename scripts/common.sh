# common.sh: what quickstart and test share: packages, an snmpd of our own, the build. To be sourced with $top set to the
# project's root and $build to the build directory.

say() { printf '==> %s\n' "$*"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# Runs a command as root: as it is, or through sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs root or sudo for: $*"
    fi
}

# The kind of packages this host has.
package_kind() {
    if command -v apt-get >/dev/null; then
        echo deb
    elif command -v dnf >/dev/null; then
        echo rpm
    else
        die "neither apt-get nor dnf is here: install a C compiler, make, autoconf, automake, pkg-config and the" \
            "development files of Net-SNMP and libibverbs by hand, then ./configure && make"
    fi
}

is_installed() {
    case $(package_kind) in
    deb) dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed ;;
    rpm) rpm -q --quiet --whatprovides "$1" ;;
    esac
}

# install DEB_PACKAGES RPM_PACKAGES: installs those of this host's kind that are missing.
install() {
    case $(package_kind) in
    deb) wanted=$1 ;;
    rpm) wanted=$2 ;;
    esac
    missing=
    for package in $wanted; do
        is_installed "$package" || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    say "installing$missing"
    case $(package_kind) in
    deb)
        as_root apt-get update -qq
        # shellcheck disable=SC2086
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
        ;;
    rpm)
        # shellcheck disable=SC2086
        as_root dnf install -y -q $missing
        ;;
    esac
}

build_packages() {
    install "gcc make autoconf automake pkg-config libc6-dev libsnmp-dev libibverbs-dev snmp" \
        "gcc make autoconf automake pkgconf-pkg-config net-snmp-devel rdma-core-devel net-snmp-utils"
}

# find_daemon NAME: sets $daemon to the host's or to one unpacked below the build directory: Debian's packages, which are
# called like it, would start and enable it when installed. Fedora's does not.
find_daemon() {
    for daemon in "$(command -v "$1" || true)" "/usr/sbin/$1" "$build/$1/usr/sbin/$1"; do
        if [ -n "$daemon" ] && [ -x "$daemon" ]; then return; fi
    done
    case $(package_kind) in
    deb)
        say "unpacking $1 below $build (it is not installed, so that none is started or enabled)"
        rm -rf "${build:?}/$1"
        mkdir -p "$build/$1"
        (
            cd "$build/$1"
            sandbox=
            [ "$(id -u)" != 0 ] || sandbox="-o APT::Sandbox::User=root"
            # shellcheck disable=SC2086
            apt-get download -qq $sandbox "$1" >/dev/null 2>&1 ||
                { as_root apt-get update -qq && apt-get download -qq $sandbox "$1" >/dev/null; }
            dpkg-deb -x "$1"_*.deb .
        )
        daemon=$build/$1/usr/sbin/$1
        ;;
    rpm)
        install "" net-snmp
        daemon=/usr/sbin/$1
        ;;
    esac
    [ -x "$daemon" ] || die "no $1 to be had"
}

find_snmpd() { find_daemon snmpd && snmpd=$daemon; }
find_snmptrapd() { find_daemon snmptrapd && snmptrapd=$daemon; }

# configure_build [CONFIGURE_ARGUMENTS]: configures out of tree, from scratch where the arguments are new.
configure_build() {
    [ -x "$top/configure" ] && [ "$top/configure" -nt "$top/configure.ac" ] || (cd "$top" && autoreconf -i >/dev/null 2>&1) ||
        (cd "$top" && autoreconf -i)
    mkdir -p "$build"
    if [ ! -e "$build/Makefile" ] || [ "$*" != "$(cat "$build/arguments" 2>/dev/null)" ]; then
        (cd "$build" && "$top/configure" -q "$@" >configure.log 2>&1) || { tail -20 "$build/configure.log"; die "configure failed"; }
        printf '%s\n' "$*" >"$build/arguments"
    fi
}

run_make() { make -C "$build" -s -j"$(nproc)" "$@"; }

# Where this system has the SMI modules of the IETF; nothing if it has none, like Debian's main archive.
smi_directory() {
    for directory in /usr/share/snmp/mibs/ietf /var/lib/mibs/ietf /usr/share/mibs/ietf /usr/share/snmp/mibs; do
        if [ -e "$directory/SNMPv2-SMI" ] || [ -e "$directory/SNMPv2-SMI.txt" ]; then
            echo "$directory"
            return
        fi
    done
}

# The names of our MIB modules.
mib_modules() {
    for file in "$top"/mibs/*.txt; do
        basename "$file" .txt
    done
}

# The directories in which Net-SNMP's tools find our MIBs and what they import: stand-ins where the system has no SMI.
mib_directories() {
    smi=$(smi_directory)
    echo "$build:${smi:-$top/testdata/smi}:/usr/share/snmp/mibs"
}
