"""S3's event in: a manifest was made. What is beyond its database's count goes.

Where the stage signs, the command line asks the same function for a tombstone before it deletes: no
operator has the right to sign.
"""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from functions.chaining import undertaker_of
from functions.telemetry import Telemetry
from snapper.aws.parameters import Parameters
from snapper.aws.vault import Vault
from snapper.errors import SnapperError
from snapper.values.job import read_time
from snapper.values.keys import database_key
from snapper.values.settings import PrunerSettings
from snapper.values.time_zone import read_zone
from snapper.verbs.bury import Undertaker, bury_each
from snapper.verbs.catalog import holding_at
from snapper.verbs.made import prune_for


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  Lambda gives it
    """Prune the database of every manifest that the event names.

    `{"bury": {"database": KEY, "scheduled_at": TIME, "reason": TEXT}}` leaves a tombstone instead,
    or answers with what is `unreadable`.

    Raises the first failure, after the others have been tried: Lambda then repeats the event, and
    at last puts it with the dead letters.
    """
    settings = PrunerSettings.from_env(os.environ)
    telemetry = Telemetry("pruner", settings.stage)
    parameters = Parameters.connect(settings.parameter_root)
    vault = Vault.connect(settings.bucket)
    zone = read_zone(settings.time_zone)
    undertaker = undertaker_of(settings, vault)
    if "bury" in event:
        return _bury(event["bury"], vault, undertaker)
    failures: list[SnapperError] = []
    pruned = 0
    for key in _made(event, settings.bucket):
        try:
            pruned += prune_for(
                key,
                parameters,
                vault,
                telemetry,
                zone,
                undertaker,
                locked=bool(settings.object_lock),
            )
        except SnapperError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return {"pruned": pruned}


def _bury(asked: dict[str, str], vault: Vault, undertaker: Undertaker) -> dict[str, Any]:
    database, at = database_key(asked["database"]), read_time(asked["scheduled_at"])
    doomed = {at: (holding_at(vault, database, at), str(asked["reason"]))}
    if stays := bury_each(undertaker, doomed):
        return {"unreadable": str(stays[at])}
    return {"buried": 1}


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
