"""What outlives its maker's death for a moment: ends the children of a process that died.

Run as a script of its own by `snapper.machine.children`, one per process that starts children, so
it imports nothing of ours. It reads what to watch from standard input; the end of that pipe means
that the maker is gone, however it went: the kernel closes it after SIGKILL too. It works the same
on Linux and macOS. (The kernel's own PR_SET_PDEATHSIG was not taken: it fires when the *thread*
that started the child ends, and our servers start children from short-lived threads.)
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

GRACE = 2.0
"""Seconds that a child may take to go in peace."""

PATIENCE = 60.0
"""Seconds for which somebody may go on writing into a directory that is to go."""


class Entry(NamedTuple):
    """One row of the process table; a later process of the same number is `born` later."""

    parent: int
    group: int
    born: str


def process_table(numbers: Iterable[int] | None = None) -> dict[int, Entry]:
    """Give the living processes by number (all, or those asked for), without the unburied ones."""
    proc = Path("/proc")
    if not (proc / "self" / "stat").exists():
        return _table_of_ps()
    if numbers is None:
        numbers = [int(each.name) for each in proc.iterdir() if each.name.isdecimal()]
    found = {}
    for number in numbers:
        with contextlib.suppress(OSError):  # it ended while we looked
            stat = Path(proc, str(number), "stat").read_text(errors="replace")
            # The second field is the command in brackets and may hold anything: cut behind it.
            fields = stat.rpartition(")")[2].split()
            if fields[0] not in "ZX":
                found[number] = Entry(int(fields[1]), int(fields[2]), fields[19])
    return found


def _table_of_ps() -> dict[int, Entry]:
    """Read the table where there is no /proc (macOS)."""
    listing = ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat=,lstart="]
    rows = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()
    parts = [row.split(maxsplit=4) for row in rows]
    return {int(p[0]): Entry(int(p[1]), int(p[2]), p[4]) for p in parts if p[3][0] != "Z"}


def family(leaders: Iterable[int]) -> dict[int, Entry]:
    """Find the leaders, the members of their process groups, and all that descend from these.

    Groups alone are not enough: PostgreSQL's backends and pg_dump have their own.
    """
    table = process_table()
    wanted = set(leaders)
    found: dict[int, Entry] = {}
    while fresh := {
        number: entry
        for number, entry in table.items()
        if number not in found and (wanted & {number, entry.group} or entry.parent in found)
    }:
        found |= fresh
    return found


def alive(members: Mapping[int, Entry]) -> dict[int, Entry]:
    """Give those of the members that still live."""
    table = process_table(members)
    return {n: entry for n, entry in members.items() if n in table and table[n].born == entry.born}


def end(members: Mapping[int, Entry], grace: float) -> None:
    """Wait `grace` seconds for the members to go, then kill what is left and see it gone."""
    deadline = time.monotonic() + grace
    while (left := alive(members)) and time.monotonic() < deadline:
        time.sleep(0.02)
    for number in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    deadline = time.monotonic() + GRACE
    while left and alive(left) and time.monotonic() < deadline:
        time.sleep(0.01)


def watch(lines: Iterable[str]) -> None:
    """Follow the maker's notes until they end, then end what it left behind.

    A note is `{"watch": pid, "signal": n}`, `{"forget": pid}` or `{"remove": directory}`.
    """
    children: dict[int, tuple[str, int]] = {}
    directories: list[Path] = []
    for line in lines:
        note = json.loads(line)
        if "watch" in note:
            children[note["watch"]] = (note["born"], note["signal"])
        elif "forget" in note:
            children.pop(note["forget"], None)
        else:
            directories.append(Path(note["remove"]))
    table = process_table()
    # A child that went unnoticed may have left its number to a stranger.
    ours = {n: s for n, (born, s) in children.items() if n not in table or table[n].born == born}
    members = family(ours) if ours else {}
    for number, how in ours.items():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(number, how)
    if ours:  # who was born meanwhile
        members |= family([*ours, *members])
    end(members, GRACE)
    for directory in directories:
        _remove(directory)


def remove(directory: Path) -> None:
    """Remove a directory as far as it can be; one that is gone is no error."""
    # Python's own way goes down by a call a level, and somebody may have nested some thousand.
    with contextlib.suppress(RecursionError):
        shutil.rmtree(directory, ignore_errors=True)
    if directory.exists():
        nowhere = subprocess.DEVNULL
        command = ["/bin/rm", "-rf", "--", str(directory)]
        subprocess.run(command, env={}, stdin=nowhere, stdout=nowhere, stderr=nowhere, check=False)


def _remove(directory: Path) -> None:
    """Remove it, again if need be: who was just being started may write into it until it ends."""
    deadline = time.monotonic() + PATIENCE
    while True:
        remove(directory)
        if not directory.exists() or time.monotonic() > deadline:
            return
        time.sleep(0.05)


if __name__ == "__main__":
    # Only the end of the pipe ends the watch: a Ctrl-C meant for the maker must not.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    watch(sys.stdin)
