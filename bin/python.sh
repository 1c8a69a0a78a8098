# shellcheck shell=bash
# shellcheck disable=SC2154  # the launchers set root
# Sourced by the launchers: finds a Python that can make the environment, and makes it.

# Sets `python` to the environment's own Python, or to one on the PATH that runs, is new enough and
# can make environments. Every place on the PATH is tried: a version manager's stand-in may fail.
# Root takes one of its own home, which nobody else may run, only if there is no other.
find_python() {
    local name candidate incomplete="" closed=""
    python=$root/.venv/bin/python
    if "$python" -I -S -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        return
    fi
    for name in python3.13 python3.12 python3.11 python3 python3.14 python; do
        while IFS= read -r candidate; do
            "$candidate" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
                >/dev/null 2>&1 </dev/null || continue
            if ! "$candidate" -I -c 'import ensurepip, venv' >/dev/null 2>&1 </dev/null; then
                incomplete=${incomplete:-$candidate}
            elif [[ $EUID -eq 0 ]] && ! is_for_everybody "$candidate"; then
                closed=${closed:-$candidate}
            else
                python=$candidate
                return
            fi
        done < <(type -aP "$name")
    done
    if [[ $closed ]]; then
        python=$closed
        return
    fi
    if [[ $incomplete ]]; then
        echo "snapper: $incomplete cannot make virtual environments: venv or ensurepip is missing" >&2
        echo "Debian, Ubuntu: apt-get install $("$incomplete" -c \
            'import sys; print("python%d.%d-venv" % sys.version_info[:2])'), or python3-venv" >&2
    else
        echo "snapper: needs Python 3.11 or newer, and there is none on the PATH" >&2
    fi
    exit 1
}

# Says whether users without any right of their own may run a Python.
is_for_everybody() {
    "$1" -I -c 'if True:
        import pathlib, sys
        real = pathlib.Path(getattr(sys, "_base_executable", sys.executable)).resolve()
        sys.exit(not all(place.stat().st_mode & 1 for place in (real, *real.parents)))' \
        >/dev/null 2>&1 </dev/null
}

# Installs the given requirement files into .venv, which is quick when that was done before.
prepare_environment() {
    find_python
    "$python" -I -S "$root/bin/environment.py" "$@"
    python=$root/.venv/bin/python
    export PYTHONPATH=$root
}
