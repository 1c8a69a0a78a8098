"""Engines whose programs a test chooses."""

from contextlib import suppress
from pathlib import Path

from snapper.engines.checked_dump import CheckedDump
from snapper.engines.engine import Engine, Engines
from snapper.engines.facts import Facts
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.engine import FOLDER, PostgreSQL
from snapper.values.secrets import Database


def postgresql(tools: ClientTools) -> PostgreSQL:
    """PostgreSQL with these programs."""
    made = PostgreSQL()
    made.tools = tools
    return made


def engines(tools: ClientTools) -> Engines:
    """Give PostgreSQL with these programs, whatever the TYPE."""

    def engine_of(_: str) -> Engine:
        return postgresql(tools)

    return engine_of


def hasty(tools: ClientTools, patience: float) -> Engines:
    """Give the same, where a dump is soon given up; the server is asked at leisure before."""

    class Hasty(PostgreSQL):
        def dump(self, database: Database, facts: Facts, _: float) -> CheckedDump:
            return super().dump(database, facts, patience)

    made = Hasty()
    made.tools = tools
    return lambda _: made


def clients(tools: ClientTools, folder: Path) -> Path:
    """Lay the programs out as the functions expect those of all engines."""
    made = folder / "clients"
    made.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        (made / FOLDER).symlink_to(tools.root)
    return made
