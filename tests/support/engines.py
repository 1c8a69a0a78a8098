"""Engines whose programs a test chooses."""

from contextlib import suppress
from pathlib import Path

from snapper.engines.engine import Engine, Engines
from snapper.engines.postgresql.client_tools import ClientTools
from snapper.engines.postgresql.engine import FOLDER, PostgreSQL


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


def clients(tools: ClientTools, folder: Path) -> Path:
    """Lay the programs out as the functions expect those of all engines."""
    made = folder / "clients"
    made.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        (made / FOLDER).symlink_to(tools.root)
    return made
