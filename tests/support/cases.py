"""Run a written case: a small input that once failed, or that must not be forgotten.

    .venv/bin/python -m tests.support.cases FILE.sql --major 17 --dump-as ROLE --what dump,new,on
    .venv/bin/python -m tests.support.cases FILE.sh

An SQL file has sections: first what is run in `postgres`, then `-- @source` (in the source, as the
superuser), `-- @owner` (there, as --dump-as), `-- @after` (there, between backup and restore) and
`-- @target` (in the database that is restored into). `--what` names what is tried: dump, doctor,
new (restore --create), best (that with --best-effort), existing (restore into an empty database),
trial (verify --restore), on (verify --restore --on the same server). Options that the file's first
line gives need not be repeated.

A shell file runs Python on the bench, which it imports as `harness`; so may a Python file.
"""

import argparse
import os
import re
import runpy
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType

from snapper.engines.facts import RestoreOptions
from snapper.values.manifest import Manifest
from snapper.verbs.doctor import examine
from snapper.verbs.dump import Dumper
from tests.support import bench
from tests.support.bench import Bench
from tests.support.databases import AT
from tests.support.engines import engines, postgresql
from tests.support.recording import RecordedEvents

_RENAMED = {  # modules by the names that they had when cases were written
    "snapper.edges.client_tools": "snapper.engines.postgresql.dumping.client_tools",
    "snapper.edges.pg_dump": "snapper.engines.postgresql.dumping.pg_dump",
    "snapper.values.connection": "snapper.engines.postgresql.conninfo.connection",
    "local.postgres.server": "snapper.engines.postgresql.trying.throw_away",
    "local.postgres.unprivileged": "snapper.machine.unprivileged",
}


def sections(text: str) -> dict[str, str]:
    """Cut at lines `-- @name`; what stands before the first is `server`, run in postgres."""
    parts = re.split(r"^-- @(\w+)\s*$", text, flags=re.MULTILINE)
    return {"server": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def run_sql(case: Path, arguments: list[str]) -> None:
    """Make the source of an SQL file, back it up, and try what is asked for."""
    text = case.read_text()
    told = re.match(r"-- \$PY harness\.py \S+ ([^(\n]*)", text)
    given = _options((told[1].split() if told else []) + arguments)
    settings = dict(each.split("=", 1) for each in given.set)
    with bench.bench(given.major, settings) as it:
        _make_source(it, sections(text), given.dump_as)
        for what in given.what.split(","):
            _do(it, what, sections(text), given.dump_as, given.restore_as)
            it.left()


def run_script(case: Path, arguments: list[str]) -> None:
    """Run a shell file, or the Python that one brings along, with the bench as `harness`."""
    if case.suffix == ".sh":
        root = Path(__file__).parents[2]
        python = f"{sys.executable} -m tests.support.cases"
        environment = {**os.environ, "PY": python, "PYTHONPATH": str(root)}
        sys.exit(subprocess.run(["sh", str(case), *arguments], env=environment).returncode)
    harness = ModuleType("harness")
    harness.__dict__.update(
        {name: value for name, value in vars(bench).items() if not name.startswith("__")},
        datetime=datetime,
        UTC=UTC,
        AT=AT,
        sys=sys,
        Dumper=lambda vault, tools, events: Dumper(vault, events, engines(tools)),
        examine=lambda database, tools: examine(database, postgresql(tools)),
    )
    sys.modules["harness"] = harness
    for old, new in _RENAMED.items():
        for package in (old.rpartition(".")[0], old):
            sys.modules.setdefault(package, ModuleType(package))
        sys.modules[old] = import_module(new)
    # So cases ask, of before an engine kept what is its own.
    Manifest.roles = property(lambda made: tuple(made.part["roles"]))  # type: ignore[attr-defined]  # as written cases know it
    RecordedEvents.told = property(lambda events: events.reported)  # type: ignore[attr-defined]  # as written cases know it
    sys.argv = [str(case), *arguments]
    if str(case) == "-":
        exec(compile(sys.stdin.read(), "case", "exec"), {"__name__": "__main__"})  # noqa: S102  a case's own
    else:
        runpy.run_path(str(case), run_name="__main__")


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--major", type=int, default=17)
    parser.add_argument("--dump-as", default="")
    parser.add_argument("--restore-as", default="")
    parser.add_argument("--what", default="dump,new,existing,trial")
    parser.add_argument("--set", action="append", default=[], help="server setting, name=value")
    return parser.parse_args(arguments)


def _make_source(it: Bench, cut: dict[str, str], dump_as: str) -> None:
    if re.sub("^--.*$", "", cut["server"], flags=re.MULTILINE).strip():
        it.sql(cut["server"])
    it.sql("CREATE DATABASE source")
    it.sql(cut.get("source", "SELECT 1"), "source")
    if "owner" in cut:
        it.sql(cut["owner"], dsn=it.as_role(dump_as, "source"))


def _do(it: Bench, what: str, cut: dict[str, str], dump_as: str, restore_as: str) -> None:
    def connection(role: str, database: str) -> str:
        return it.as_role(role, database) if role else it.server.dsn(database)

    if what == "doctor":
        it.doctor(connection(dump_as, "source"))
    elif what == "dump":
        it.dump(connection(dump_as, "source"))
        it.sql(cut.get("after", "SELECT 1"), "source")
    elif it.manifest is None:
        print(f"{what}: no backup")
    elif what == "new":
        it.new(connection(restore_as, "anew"))
    elif what == "best":
        it.new(connection(restore_as, "best"), options=RestoreOptions(best_effort=True))
    elif what == "existing":
        owner = f" OWNER {restore_as}" if restore_as else ""
        it.sql(f"CREATE DATABASE existing{owner}")
        it.sql(cut.get("target", "SELECT 1"), "existing")
        it.existing(connection(restore_as, "existing"))
    elif what == "trial":
        it.trial()
    elif what == "on":
        it.trial(connection(restore_as, "postgres"))
    else:
        sys.exit(f"there is no --what {what}")


if __name__ == "__main__":
    chosen, rest = Path(sys.argv[1]), sys.argv[2:]
    if chosen.suffix == ".sql":
        run_sql(chosen, rest)
    else:
        run_script(chosen, rest)
