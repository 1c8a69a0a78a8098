"""The dumper's check-up: findings about its clients and its databases, as JSON."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from snapper.aws.parameters import Parameters
from snapper.engines.postgresql.client_tools import ClientTools
from snapper.errors import SnapperError
from snapper.values.finding import Finding, failure
from snapper.values.settings import DumperSettings
from snapper.verbs.doctor import examine, examine_clients

CLIENTS = ""
"""The key of the findings about the function itself; no database has it."""


def answer(databases: Iterable[str], settings: DumperSettings) -> dict[str, list[dict[str, str]]]:
    """Give the findings by database key, those about the bundled clients under `CLIENTS`."""
    tools = ClientTools(Path(settings.postgresql_root))
    parameters = Parameters.connect(settings.parameter_root)
    found = {CLIENTS: list(examine_clients(tools))}
    for key in databases:
        found[key] = list(_examine(key, parameters, tools))
    return {key: [finding.to_dict() for finding in findings] for key, findings in found.items()}


def _examine(key: str, parameters: Parameters, tools: ClientTools) -> Iterator[Finding]:
    try:
        database = parameters.database(key)
    except SnapperError as error:
        yield failure("secrets", str(error), error.hint)
        return
    yield from examine(database, tools)
