# tally.sh: what scripts/test counts, times and says in the end. To be sourced with common.sh; $build is the build
# directory at the time of each call, $tally the directory in which results are kept.

# A part is one line of the table of times: a function that reports by step, skip, points and make_check.

tally_begin() {
    tally=$top/_build/tally
    rm -rf "$tally"
    mkdir -p "$tally"
}

# result passed|failed|skipped|unbuilt N-OR-TEXT
result() { printf '%s %s\n' "$1" "$2" >>"$tally/results"; }
sum() { awk -v kind="$1" '$1 == kind { sum += $2 } END { print sum + 0 }' "$tally/results"; }

part() { # NAME COMMAND...
    part=$1
    shift
    say "$part"
    begin=$(date +%s)
    "$@"
    printf '%5d s  %s\n' $(($(date +%s) - begin)) "$part" >>"$tally/times"
}

# What a compiler, linker or make said first of why there is no program; nothing if none did.
build_error() { # LOG
    grep -m1 -hE ': (fatal )?error: |undefined reference to|: \*\*\* No rule to make target' "$1" | cut -c-300
}

unbuilt() { # WHAT WHY
    result unbuilt "$1: $2"
    echo "NOT BUILT: $1: $2"
}

# logged COMMAND...: its output goes to $log; sets $status.
logged() {
    # Not as a condition: set -e would not hold in the functions that are called.
    set +e
    (set -e; "$@") >"$log" 2>&1
    status=$?
    set -e
}

# must COMMAND...: without which nothing else can be tried; sets $built to yes or no.
must() {
    built=yes
    log=$tally/must.log
    logged "$@"
    [ $status != 0 ] || return 0
    built=no
    tail -40 "$log"
    why=$(build_error "$log")
    unbuilt "$build" "${why:-$(tail -1 "$log")}"
}

# step NAME COMMAND...: one check. Its output is shown when it fails; status 77 skips it, its last line says why.
step() {
    name=$1
    shift
    log=$tally/step.log
    logged "$@"
    case $status in
    0) result passed 1; echo "PASS: $name"; return ;;
    77) skip "$name" "$(tail -1 "$log")"; return ;;
    esac
    why=$(build_error "$log")
    if [ -n "$why" ]; then
        unbuilt "$name" "$why"
    else
        result failed 1
        echo "FAIL: $name"
        { head -1 "$log" && tail -n +2 "$log" | tail -80; } | sed 's/^/    /'
    fi
}

skip() { # NAME WHY
    result skipped 1
    echo "SKIP: $1: $2"
}

# make_check TARGET: of make; counts the points of its tests.
make_check() {
    log=$build/$1.log
    touch "$build/$1.begin"
    logged run_make -k "$1"
    grep -E '^(FAIL|SKIP|ERROR|XPASS)' "$log" || true
    if [ -z "$(make_count TOTAL)" ]; then
        tail -40 "$log"
        unbuilt "make $1" "$(build_error "$log")"
        return
    fi
    result passed "$(make_count PASS)"
    result failed $(($(make_count FAIL) + $(make_count ERROR)))
    result skipped "$(make_count SKIP)"
    if [ $status != 0 ]; then
        test_logs "$1" | while read -r one; do
            ! grep -qE '^(FAIL|ERROR)' "$one" || { echo "--- ${one#"$build/"}" && grep -vE '^(ok|PASS)' "$one" | tail -60; }
        done
    fi
    echo "the slowest: $(test_logs "$1" | xargs sed -n 's/^# \([^ ]*\) took \([0-9]* s\)$/\2 \1/p' | sort -nr | head -8 |
        paste -sd, | sed 's/,/, /g')"
}

test_logs() { find "$build/tests" -name '*_test.log' -newer "$build/$1.begin"; } # TARGET

make_count() { sed -n "s/^# $1: *//p" "$log" | tail -1; }

# points PROGRAM ARGUMENT...: a test program that needs more than make check has: its points are counted one by one.
points() {
    log=$tally/$(basename "$1").log
    program=$1
    shift
    srcdir=$top builddir=$build PYTHONDONTWRITEBYTECODE=1 python3 "$top/$program" "$@" >"$log" 2>&1 ||
        echo "not ok - $program ends" >>"$log"
    grep -qE '^(ok|not ok|1\.\.0)' "$log" || echo "not ok - $program begins" >>"$log"
    result passed "$(grep '^ok' "$log" | grep -vc '# SKIP')"
    result failed "$(grep -c '^not ok' "$log")"
    result skipped "$(grep -c '# SKIP' "$log")"
    if grep -q '^not ok' "$log"; then cat "$log"; else grep -E '# SKIP|^# ' "$log"; fi | sed "s|^|$program: |"
}

# Prints the times and the results; false unless all is well.
tally_end() {
    say "how long it took"
    cat "$tally/times"
    sed -n 's/^unbuilt /could not be built: /p' "$tally/results"
    echo "$(sum passed) passed, $(sum failed) failed, $(sum skipped) skipped"
    [ "$(sum failed)" = 0 ] && ! grep -q '^unbuilt' "$tally/results"
}
