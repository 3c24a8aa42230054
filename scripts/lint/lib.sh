# What the gates share. Their current directory is the staged tree.
set -euo pipefail

here=scripts/lint
fixtures=$here/fixtures

# How the sources are compiled, for the tools that compile them once more.
compile_flags=(-std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics
    -isystem "$("$PG_CONFIG" --includedir-server)" -D_GNU_SOURCE)

# Prints a source without its comments, as many lines as it had.
without_comments() {
    g++ -fpreprocessed -dD -E -P "$1" 2>/dev/null
}

# Greps the sources' code: banned PATTERN MESSAGE FILE...; prints FILE: the line: MESSAGE.
banned() {
    local pattern=$1 message=$2 file
    shift 2
    for file in "$@"; do
        without_comments "$file" | grep -nE "$pattern" | sed "s|^[0-9]*:\s*|$file: |; s|\$|   <- $message|" || true
    done
}

# A gate that reports nothing on the fixture made to break it proves nothing: the lines reported
# must be those marked VIOLATION. self_test FIXTURE REPORTED-LINE-NUMBERS
self_test() {
    local expected
    expected=$(grep -n 'VIOLATION' "$1" | cut -d: -f1 | sort -n | xargs)
    if [ "$2" != "$expected" ]; then
        echo "the gate itself is broken: on $1 it reports line(s) $2, not $expected"
    fi
}

# Runs clang-query matchers over a file: query MATCHERS FILE FLAG...; prints FILE:LINE: what it is.
query() {
    local matchers=$1 file=$2 output
    shift 2
    output=$(clang-query -f "$matchers" "$file" -- "${compile_flags[@]}" "$@" 2>&1)
    # clang-query exits 0 whatever happens.
    if grep -qE 'error:|Error ' <<<"$output"; then
        grep -E -A 3 'error:|Error ' <<<"$output"
    fi
    grep -oE '[^ ]+:[0-9]+:[0-9]+: note: "[^"]+" binds here' <<<"$output" |
        sed -E "s|^$PWD/||; s/^(.*):([0-9]+):[0-9]+: note: \"([^\"]+)\" binds here$/\1:\2: \3/" |
        sort -u || true
}

# Runs a function on every source, as many at a time as there are cores. It is not run again on a
# source it said nothing about before, while that, all headers and the gates are the same.
for_each_source() {
    local check=$1 source key
    mkdir -p "$STAGE/lint"
    for source in src/*.cpp; do
        key=$(cat "$source" src/*.hpp .clang-tidy $here/[0-9]* $here/*.sh $here/*.query | sha256sum)
        key=$STAGE/lint/$check-${key%% *}
        [ ! -e "$key" ] || continue
        while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
            wait -n || true
        done
        {
            output=$("$check" "$source" 2>&1) || output+="$source: $check fails"
            if [ -n "$output" ]; then
                echo "$output"
            else
                touch "$key"
            fi
        } &
    done
    wait
}
