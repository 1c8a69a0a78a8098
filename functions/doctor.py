"""The dumper's check-up: findings about its clients, its databases and the vault, as JSON."""

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from functions.chaining import chain_of
from snapper.aws.parameters import Parameters
from snapper.aws.vault import Vault
from snapper.engines.engine import Engines, engine_of
from snapper.errors import SnapperError
from snapper.values.embedded import is_embedded
from snapper.values.finding import Finding, failure
from snapper.values.settings import DumperSettings
from snapper.verbs.back_up import checked
from snapper.verbs.doctor import examine, examine_first_dump, examine_vault
from snapper.verbs.events import Silence
from snapper.verbs.examine_chain import examine_chain
from snapper.verbs.registry import examine_registry

CLIENTS = ""
"""The key of the findings about the function itself; no database has it."""


def answer(
    databases: Iterable[str], settings: DumperSettings, seconds: float
) -> dict[str, list[dict[str, str]]]:
    """Give the findings by database key, those about the function itself under `CLIENTS`.

    A dump has about so many seconds in this function.
    """
    engines = partial(engine_of, clients=Path(settings.clients))
    parameters = Parameters.connect(settings.parameter_root)
    vault = Vault.connect(settings.bucket)
    found = {CLIENTS: list(_examine_clients(parameters, engines))}
    if settings.batch_queue and not _from_here():
        found[CLIENTS].append(examine_registry())
    if chain := chain_of(settings, vault, Silence()):
        found[CLIENTS].append(examine_chain(chain))
    for key in databases:
        now = datetime.now(UTC)
        stored = examine_vault(vault, key, now)
        first = partial(
            examine_first_dump, vault, key, seconds, now, hands_over=bool(settings.batch_queue)
        )
        found[key] = [*_examine(key, parameters, engines, first), stored]
    return {key: [finding.to_dict() for finding in findings] for key, findings in found.items()}


def _examine_clients(parameters: Parameters, engines: Engines) -> Iterator[Finding]:
    try:
        kinds = parameters.kinds()
    except SnapperError as error:
        yield failure("secrets", str(error), error.hint)
        return
    for kind in kinds:
        yield from engines(kind).examine_clients()


def _examine(
    key: str,
    parameters: Parameters,
    engines: Engines,
    of_size: Callable[[int], Iterable[Finding]],
) -> Iterator[Finding]:
    try:
        database = checked(parameters.database(key), engines)
    except SnapperError as error:
        yield failure("secrets", str(error), error.hint)
        return
    from_here = _from_here()
    yield from examine(database, engines(database.kind), from_here=from_here, of_size=of_size)


def _from_here() -> bool:
    """Tell whether this function runs on the operator's own machine."""
    return is_embedded(filter(None, [os.environ.get("AWS_ENDPOINT_URL")]))
