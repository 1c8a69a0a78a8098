# shellcheck shell=sh
# shellcheck disable=SC2154  # the launchers set root
# shellcheck disable=SC3043  # every sh there is knows local
# Sourced by the launchers: finds a Python that can make the environment, and makes it.

# What an isolated Python is told to run: a folder on its path, a module of it, its arguments.
# shellcheck disable=SC2034  # the launchers use it
module_of='import runpy, sys
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)'

# Sets `python` to the environment's own Python, or to one on the PATH that runs, is new enough and
# can make environments. Every place on the PATH is tried: a version manager's stand-in may fail.
# Root takes one of its own home, which nobody else may run, only if there is no other.
find_python() {
    local name candidate incomplete="" closed="" folders
    python=$root/.venv/bin/python
    if is_ours && apart "$python" -I -S -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        return
    fi
    for name in python3.13 python3.12 python3.11 python3 python3.14 python; do
        folders=$PATH:
        while [ "$folders" ]; do
            candidate=${folders%%:*}/$name
            folders=${folders#*:}
            case $candidate in /*) ;; *) continue ;; esac
            [ -x "$candidate" ] || continue
            apart "$candidate" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' || continue
            if ! apart "$candidate" -I -c 'import ensurepip, venv'; then
                incomplete=${incomplete:-$candidate}
            elif [ -O / ] && ! is_for_everybody "$candidate"; then # as root
                closed=${closed:-$candidate}
            else
                python=$candidate
                return
            fi
        done
    done
    if [ "$closed" ]; then
        python=$closed
        return
    fi
    if [ "$incomplete" ]; then
        echo "snapper: $incomplete cannot make virtual environments: venv or ensurepip is missing" >&2
        echo "Debian, Ubuntu: apt-get install $(without_secrets "$incomplete" -I -c \
            'import sys; print("python%d.%d-venv" % sys.version_info[:2])'), or python3-venv" >&2
    else
        echo "snapper: needs Python 3.11 or newer, and there is none on the PATH" >&2
    fi
    exit 1
}

# Says whether the environment that is there was made by root, by us or by who owns the clone, and
# nobody else may change it. If not, none of it is run: bin/environment.py says what is to be done.
is_ours() (
    set -f # a listing's words are split, and mean no files
    owners=" 0 $(/usr/bin/id -u) " clone=""
    for place in "$root" "$root/.venv" "$root/.venv/." "$root/.venv/bin"; do
        # shellcheck disable=SC2046
        set -- $(/bin/ls -ldn "$place" 2>/dev/null)
        [ $# -gt 4 ] || exit 1
        if [ ! "$clone" ]; then # whose code we run anyhow
            owners="$owners$3 " clone=$1 group=$4
        fi
        case $owners in *" $3 "*) ;; *) exit 1 ;; esac
        # As a clone that all may change; but of a link only what it leads to counts.
        case $clone in ????????w[!tT]*) continue ;; esac
        case $1 in
            l*) ;;
            ????????w*) exit 1 ;;
            ?????w*) case $clone in ?????w*) [ "$4" = "$group" ] || exit 1 ;; *) exit 1 ;; esac ;;
        esac
    done
)

# Runs a program without the secrets of our environment.
without_secrets() (
    set -f
    IFS='
'
    for name in $(export -p); do
        name=${name%%=*}
        name=${name##* }
        case $name in
            *[!A-Za-z0-9_]*) ;; # a line of some value
            AWS_* | PULUMI_* | SNAPPER_* | PG* | DATABASE_* | BACKUP_*) unset "$name" ;;
        esac
    done
    unset IFS
    exec "$@"
)

# Says whether a program succeeds, and nothing else.
apart() { without_secrets "$@" >/dev/null 2>&1 </dev/null; }

# Says whether users without any right of their own may run a Python.
is_for_everybody() {
    apart "$1" -I -c 'if True:
        import pathlib, sys
        real = pathlib.Path(getattr(sys, "_base_executable", sys.executable)).resolve()
        sys.exit(not all(place.stat().st_mode & 1 for place in (real, *real.parents)))'
}

# Installs the given requirement files into .venv, which is quick when that was done before.
prepare_environment() {
    find_python
    trap : INT # it ends in order, and we after it
    without_secrets "$python" -I -S "$root/bin/environment.py" "$@"
    trap - INT
    python=$root/.venv/bin/python
}
