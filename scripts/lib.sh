# What the scripts share: where things are, which PostgreSQL is used, who runs the servers.
set -euo pipefail
export LC_ALL=C.UTF-8

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SCRIPTS=$ROOT/scripts

# The PostgreSQL release that is installed where there is none.
DEFAULT_MAJOR=15

# A make run by a script does not belong to the make that ran the script, and a server found in
# the environment is not the one to test.
unset MAKEFLAGS MFLAGS MAKELEVEL
unset PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGSERVICE PGOPTIONS PGDATA

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# What the packages install is here; what root has elsewhere, user postgres may not be able to read.
SYSTEM_PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin

is_root() { [ "$(id -u)" = 0 ]; }

# A pg_config can extensions be built with, in this order: the one asked for by PG_CONFIG or
# PG_MAJOR, Debian's of the default release, the one on the PATH.
choose_postgres() {
    local debian=/usr/lib/postgresql
    if [ -z "${PG_CONFIG:-}" ]; then
        PG_CONFIG=$debian/${PG_MAJOR:-$DEFAULT_MAJOR}/bin/pg_config
        if [ -z "${PG_MAJOR:-}" ] && [ ! -x "$PG_CONFIG" ] && command -v pg_config >/dev/null &&
            [ -e "$(pg_config --pgxs)" ]; then
            PG_CONFIG=$(command -v pg_config)
        fi
    fi
    # Debian's /usr/bin/pg_config stands for one of several releases: take the one it means.
    if [[ $PG_CONFIG != "$debian"/* ]]; then
        PG_CONFIG=$("$PG_CONFIG" --bindir)/pg_config
    fi
    case $PG_CONFIG in
    "$debian"/*/bin/pg_config)
        PG_MAJOR=${PG_CONFIG#"$debian"/}
        PG_MAJOR=${PG_MAJOR%%/*}
        FROM_DEBIAN=yes
        ;;
    *)
        PG_MAJOR=$("$PG_CONFIG" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
        FROM_DEBIAN=no
        ;;
    esac
    export PG_CONFIG PG_MAJOR
}
choose_postgres

# Copies the PostgreSQL that is chosen into a directory and chooses the copy: for what must not be
# installed into the machine's own. PostgreSQL finds its parts by where they are from its programs. What
# is compiled for it has no bitcode, which would be run in its place.
copy_postgres() {
    local copy=$1 part headers
    rm -rf "$copy"
    mkdir -p "$copy"
    for part in bindir pkglibdir sharedir; do
        (cd / && rsync -aR ".$("$PG_CONFIG" "--$part")" "$copy/")
    done
    headers=$("$PG_CONFIG" --pkgincludedir)
    if [ ! -e "$copy$headers" ]; then
        mkdir -p "$copy$(dirname "$headers")"
        ln -s "$(readlink -f "$headers")" "$copy$headers"
    fi
    PG_CONFIG=$copy$PG_CONFIG
    change_makefile 's/^with_llvm.*/with_llvm = no/'
}

# Edits what PGXS compiles with, in a copy of PostgreSQL: change_makefile SED-SCRIPT.
change_makefile() { sed -i "$1" "$(dirname "$("$PG_CONFIG" --pgxs)")/../Makefile.global"; }

# Everything is built and run here: user postgres, as whom servers must run, cannot read a clone
# under /root. One directory for each clone, user, release and kind of build (INSTRUMENT: see
# scripts/instrument); a copy of the sources is in tree/.
STAGE=/var/tmp/weedgo_checkout-$PG_MAJOR-$(echo "$(id -u):$ROOT" | sha256sum | cut -c1-8)
STAGE+=${INSTRUMENT:+-$INSTRUMENT}
TREE=$STAGE/tree

# Makes the staging directory, and refuses one that somebody else made: its name can be guessed.
make_stage() {
    mkdir -p -m 755 "$STAGE"
    [ -O "$STAGE" ] || die "$STAGE belongs to another user"
}

# Runs a command as the user who may run a PostgreSQL server, somewhere that user can be.
as_server_user() {
    cd "$STAGE"
    if is_root; then
        runuser -u postgres -- env HOME="$STAGE" "$@"
    else
        "$@"
    fi
}

# The same in the current directory, which that user must be able to enter.
as_server_user_here() { as_server_user env --chdir="$PWD" "$@"; }

# The directory of a throwaway cluster. Its socket is there too: clients connect with -h DIR.
cluster_dir() { echo "$STAGE/$1"; }

# make in the staged tree, with the PostgreSQL chosen above.
make_in() {
    local dir=$1
    shift
    make --no-print-directory -C "$dir" PG_CONFIG="$PG_CONFIG" ${CXX:+CXX="$CXX"} "$@"
}
