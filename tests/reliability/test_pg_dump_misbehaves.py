"""Whatever pg_dump does: a whole backup with its manifest, or an error and nothing at all."""

import gzip
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from snapper.engines import process
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import DumpFailed, SettingsError
from snapper.machine.watchdog import process_table
from snapper.values.secrets import Database
from snapper.verbs.dump import Dumper
from tests.support.cloud import eventually
from tests.support.databases import job
from tests.support.dumps import CONTENTS, DUMP, MANIFEST, fake_tools
from tests.support.engines import engines, hasty
from tests.support.faults import faulted
from tests.support.few import few
from tests.support.vaults import keys, open_uploads

FAMILY = "pg_dump: misbehaves"

SHORT = 0.5
"""Seconds for a pg_dump that is to be given up: it never goes on, however slow the machine is."""

GIVEN_UP = "without output"
"""What is said of one whose patience was over."""

LONG = 120.0
"""Seconds for one that ends by itself: no machine is so busy that it takes so long."""


@dataclass(frozen=True)
class Misbehaviour:
    """What a pg_dump does instead of its work, and what is told of it.

    `$whole` is a file with a dump that went well, `$bytes` its length.
    """

    name: str
    script: str
    reason: str

    @property
    def patience(self) -> float:
        """How long it is waited for."""
        return SHORT if GIVEN_UP in self.reason else LONG

    def __str__(self) -> str:
        return self.name


FAILURES = [
    Misbehaviour("ends with 1 before its first byte", "exit 1", "exited with status 1"),
    Misbehaviour("ends with 1 after one byte", "head -c 1 $whole; exit 1", "status 1"),
    Misbehaviour(
        "ends with 1 before its last byte", "head -c -1 $whole; exit 1", "exited with status 1"
    ),
    Misbehaviour("ends with 1 after its last byte", "cat $whole; exit 1", "status 1"),
    Misbehaviour("ends with 255 half-way", "head -c $((bytes / 2)) $whole; exit 255", "status 255"),
    Misbehaviour("ends well before its first byte", "exit 0", "without its end marker"),
    Misbehaviour("ends well after one byte", "head -c 1 $whole", "without its end marker"),
    Misbehaviour("ends well half-way", "head -c $((bytes / 2)) $whole", "without its end marker"),
    Misbehaviour(
        "ends well within its marker", "head -c $((bytes - 100)) $whole", "without its end marker"
    ),
    Misbehaviour(
        "goes on after its marker", "cat $whole $whole | head -c $((bytes * 3 / 2))", "end marker"
    ),
    *(
        Misbehaviour(f"dies of {name} half-way", f"head -c 500 $whole; kill -{name} $$", name)
        for name in ("KILL", "SEGV", "ABRT", "TERM", "BUS", "HUP", "PIPE")
    ),
    Misbehaviour("is killed after its last byte", "cat $whole; kill -KILL $$", "SIGKILL"),
    Misbehaviour("hangs without a byte", "sleep 600", GIVEN_UP),
    Misbehaviour("hangs after one byte", "printf x; sleep 600", GIVEN_UP),
    Misbehaviour("hangs before its last byte", "head -c -1 $whole; sleep 600", GIVEN_UP),
    Misbehaviour("hangs after its last byte", "cat $whole; sleep 600", GIVEN_UP),
    Misbehaviour("closes its output and hangs", "cat $whole; exec >&-; sleep 600", GIVEN_UP),
    Misbehaviour("ignores SIGTERM", "trap '' TERM; printf x; while :; do sleep 1; done", GIVEN_UP),
    Misbehaviour(
        "floods stderr and fails", "yes warning | head -c 20000000 >&2; exit 1", "warning"
    ),
    Misbehaviour(
        "floods stderr with one line", "head -c 20000000 /dev/zero >&2; exit 1", "status 1"
    ),
    Misbehaviour("floods stderr for ever", "yes warning >&2", GIVEN_UP),
    Misbehaviour(
        "says what is no text", "head -c 5000 /dev/urandom >&2; exit 1", "exited with status 1"
    ),
    Misbehaviour(
        "leaves a grandchild with its pipes", "sleep 600 & exit 1", f"status 1|{GIVEN_UP}"
    ),
    Misbehaviour(
        "leaves a stubborn grandchild",
        "(trap '' TERM; while :; do sleep 1; done) 2>&- & exit 1",
        f"status 1|{GIVEN_UP}",
    ),
    Misbehaviour("leaves a grandchild with its errors", "sleep 600 >&- & exit 1", "status 1"),
    Misbehaviour("leaves a grandchild after a whole dump", "cat $whole; sleep 600 &", GIVEN_UP),
]

HARMLESS = [
    Misbehaviour("ends well", "cat $whole", ""),
    Misbehaviour(
        "floods stderr and ends well", "yes warning warning | head -c 1000000 >&2; cat $whole", ""
    ),
    Misbehaviour("leaves a quiet grandchild", "sleep 600 >&- 2>&- & cat $whole", ""),
    Misbehaviour("leaves a grandchild with its errors", "sleep 600 >&- & cat $whole", ""),
    Misbehaviour("gives its bytes singly", "dd bs=1 status=none if=$whole", ""),
    Misbehaviour(
        "pauses, but never long", "head -c 9 $whole; sleep .3; tail -c +10 $whole; sleep .3", ""
    ),
]

SECRETS = [
    'echo "password is $PGPASSWORD" >&2',
    'echo "postgresql://postgres:$PGPASSWORD@127.0.0.1/d" >&2',
    "echo \"host=h password='$PGPASSWORD' dbname=d\" >&2",
    'printf "%s" "$PGPASSWORD" >&2',
    'for n in 1 2 3 4 5 6 7 8 9; do printf "%s" "$PGPASSWORD" >&2; done',
    'printf "%s\\n%s" "$PGPASSWORD" "$PGPASSWORD" >&2',
    "env >&2",
    'head -c 4090 /dev/zero | tr "\\0" x >&2; echo "$PGPASSWORD" >&2',
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a dump as pg_dump writes it."""
    path = tmp_path_factory.mktemp("whole") / "dump.sql"
    rows = "".join(f"{n}\tvalue {n}\n" for n in range(200))
    path.write_text(
        "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\n"
        f"COPY public.t (n, v) FROM stdin;\n{rows}\\.\n\n\n"
        "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n"
    )
    return path


@pytest.fixture(scope="module")
def database(server: Callable[[int], PostgresServer]) -> Database:
    """Give a database that is never really dumped."""
    return Database("orders", server(17).dsn("postgres"), 2)


@pytest.fixture
def misbehaving(
    tmp_path: Path, whole: Path, dumper: Dumper, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Dumper]:
    """Give a dumper whose pg_dump is a script."""

    def make(script: str, patience: float = LONG) -> Dumper:
        # Who is given up may be stubborn too; the last words of all others are waited for.
        monkeypatch.setattr(process, "_STOP_SECONDS", patience)
        beginning = f"echo $$ > {tmp_path}/group\nwhole={whole}\nbytes={whole.stat().st_size}\n"
        tools = fake_tools(tmp_path, f"{beginning}{script}\n")
        return replace(dumper, engines=hasty(tools, patience))

    return make


def is_gone(directory: Path) -> bool:
    """Tell whether no process of the script lives; it may have been ended before its first word."""
    told = directory / "group"
    group = int(told.read_text() or -1) if told.exists() else -1
    return all(entry.group != group for entry in process_table().values())


@pytest.mark.parametrize("plan", few(FAILURES, 5), ids=str)
def test_a_pg_dump_that_fails_leaves_nothing(
    plan: Misbehaviour,
    tmp_path: Path,
    database: Database,
    misbehaving: Callable[..., Dumper],
) -> None:
    dumper = misbehaving(plan.script, plan.patience)
    with faulted(FAMILY):
        with pytest.raises(DumpFailed, match=plan.reason) as failure:
            dumper.dump(job(), database)
        assert len(str(failure.value)) < 100_000
        assert (keys(dumper.vault), open_uploads(dumper.vault)) == ([], [])
        eventually(lambda: is_gone(tmp_path))


@pytest.mark.parametrize("plan", few(HARMLESS, 3), ids=str)
def test_a_pg_dump_that_is_only_odd_makes_a_whole_backup(
    plan: Misbehaviour,
    tmp_path: Path,
    whole: Path,
    database: Database,
    misbehaving: Callable[..., Dumper],
) -> None:
    dumper = misbehaving(plan.script, plan.patience)
    with faulted(FAMILY):
        assert dumper.dump(job(), database) is not None
        assert keys(dumper.vault) == [CONTENTS, MANIFEST, DUMP]
        assert gzip.decompress(dumper.vault.read(DUMP)) == whole.read_bytes()
        eventually(lambda: is_gone(tmp_path))


@pytest.mark.parametrize("script", few(SECRETS, 3))
def test_a_secret_that_pg_dump_tells_is_not_passed_on(
    script: str, database: Database, misbehaving: Callable[..., Dumper]
) -> None:
    with faulted("pg_dump: reveals secrets"):
        with pytest.raises(DumpFailed) as failure:
            misbehaving(f"{script}\nexit 1").dump(job(), database)
        told = f"{failure.value} {failure.value.hint}"
        assert "***" in told
        assert not [piece for piece in ("p@ss", "ss:/,", "|%&") if piece in told]


def test_a_grandchild_that_got_away_holds_up_nothing(
    tmp_path: Path, database: Database, misbehaving: Callable[..., Dumper]
) -> None:
    far = tmp_path / "far"
    escape = (
        f"setsid sh -c 'echo $$ > {far}.draft; mv {far}.draft {far}; exec sleep 120' &"
        f" until [ -e {far} ]; do sleep .1; done; exit 1"
    )
    # It holds the pipe, so that nothing else comes; what is told must not wait for its end.
    dumper = misbehaving(escape, SHORT)
    with faulted(FAMILY):
        with pytest.raises(DumpFailed):
            dumper.dump(job(), database)
        assert (keys(dumper.vault), open_uploads(dumper.vault)) == ([], [])
    if far.exists():
        os.kill(int(far.read_text()), signal.SIGKILL)


def test_a_pg_dump_that_cannot_be_started_is_told_by_its_path(
    tmp_path: Path, database: Database, dumper: Dumper
) -> None:
    tools = fake_tools(tmp_path, "exit 0")
    program = tools.tool("pg_dump", 17)
    program.write_text("#!/nowhere/sh\n")
    with faulted(FAMILY):
        with pytest.raises(SettingsError, match=f"{program} cannot be run"):
            replace(dumper, engines=engines(tools)).dump(job(), database)
        assert keys(dumper.vault) == []
