"""S3's event in: a manifest was made. What is beyond its database's count goes."""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from functions.telemetry import Telemetry
from snapper.aws.parameters import Parameters
from snapper.aws.vault import Vault
from snapper.errors import SnapperError
from snapper.values.settings import PrunerSettings
from snapper.values.time_zone import read_zone
from snapper.verbs.made import prune_for


def handler(event: dict[str, Any], context: object) -> dict[str, int]:  # noqa: ARG001  Lambda gives it
    """Prune the database of every manifest that the event names.

    Raises the first failure, after the others have been tried: Lambda then repeats the event, and
    at last puts it with the dead letters.
    """
    settings = PrunerSettings.from_env(os.environ)
    telemetry = Telemetry("pruner", settings.stage)
    parameters = Parameters.connect(settings.parameter_root)
    vault = Vault.connect(settings.bucket)
    zone = read_zone(settings.time_zone)
    failures: list[SnapperError] = []
    pruned = 0
    for key in _made(event, settings.bucket):
        try:
            pruned += prune_for(key, parameters, vault, telemetry, zone)
        except SnapperError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return {"pruned": pruned}


def _made(event: object, bucket: str) -> Iterator[str]:
    """Give the keys of the objects that were made in our bucket; S3 writes them as in an URL.

    What is no event of S3's names none: it is a hint and no more, whoever sends it.
    """
    records = event.get("Records") if isinstance(event, dict) else None
    for record in records if isinstance(records, list) else ():
        try:
            where, what = record["s3"]["bucket"]["name"], record["s3"]["object"]["key"]
        except (KeyError, TypeError):
            continue
        if where == bucket and isinstance(what, str):
            yield unquote_plus(what)
