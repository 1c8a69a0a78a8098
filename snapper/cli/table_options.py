"""Which tables of a backup are meant, as options of the command line."""

from typing import Annotated

import typer

from snapper.engines.facts import Wanted
from snapper.errors import SettingsError

TableOption = Annotated[
    list[str] | None,
    typer.Option(
        "--table",
        metavar="NAME",
        help="This table alone, as schema.table, with what it needs; repeatable.",
    ),
]
SchemaOption = Annotated[
    list[str] | None,
    typer.Option("--schema", metavar="NAME", help="All tables of this schema; repeatable."),
]
AsOption = Annotated[
    str,
    typer.Option("--as", metavar="NAME", help="With one --table: give it another name."),
]
DataOnlyOption = Annotated[
    bool,
    typer.Option("--data-only", help="With --table: rows alone, into a table that is there."),
]
SchemaOnlyOption = Annotated[
    bool, typer.Option("--schema-only", help="With --table: make it without its rows.")
]
CsvOption = Annotated[
    bool, typer.Option("--csv", help="With one --table: its rows as CSV, in place of SQL.")
]


def wanted_tables(
    tables: list[str] | None,
    schemas: list[str] | None,
    named: str = "",
    *,
    data_only: bool = False,
    schema_only: bool = False,
) -> Wanted | None:
    """Give which tables are meant; None where the whole backup is.

    Raises SettingsError for options that contradict each other.
    """
    given = {"--as": named, "--data-only": data_only, "--schema-only": schema_only}
    if not (tables or schemas):
        for option, is_given in given.items():
            if is_given:
                raise SettingsError(f"{option} is for single tables", hint="add --table NAME")
        return None
    if data_only and schema_only:
        raise SettingsError("--data-only and --schema-only contradict each other")
    if named and (schemas or len(tables or ()) != 1):
        raise SettingsError("--as names one table", hint="give one --table, and no --schema")
    return Wanted(tuple(tables or ()), tuple(schemas or ()), named, not schema_only, not data_only)


def refuse_others(given: dict[str, object]) -> None:
    """Raise SettingsError for an option that is for whole backups."""
    for option, is_given in given.items():
        if is_given:
            raise SettingsError(
                f"{option} is for whole backups, and --table fills a database that is there",
                hint=f"leave {option} out",
            )
