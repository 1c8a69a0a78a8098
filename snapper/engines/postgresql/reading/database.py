"""What is set on the database itself, as definitions: its manifest has it, and no dump does."""

from collections.abc import Iterator
from dataclasses import replace

from snapper.engines.postgresql.inspecting.property_sql import (
    create_database,
    setting_sql,
    statements,
)
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.values.difference import Definition

_MAJOR = 15
"""From this one on a locale is written with its provider, whatever the server's major is."""


def on_database(name: str, recorded: Recorded) -> Iterator[Definition]:
    """Give the database with its locale, owner, rights and comment, and each of its settings.

    A setting whose name has a dot is an application's own: its value may be a secret.
    """
    known = recorded.properties
    if known is None:
        return
    made = create_database(name, recorded.encoding, known.locale, _MAJOR)
    rest = statements(replace(known, settings=()), name).values()
    yield Definition("DATABASE", name, "\n".join(f"{each};" for each in (made, *rest)))
    for setting in known.settings:
        shown = replace(setting, value="…") if setting.custom else setting
        of = f"{setting.name} of {setting.role}" if setting.role else setting.name
        text, told = (f"{setting_sql(each, name)};" for each in (setting, shown))
        yield Definition("DATABASE SETTING", of, text, told)
