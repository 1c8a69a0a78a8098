"""The dumper's canaries: sealed by the recipients that it has in force, for a proof of their keys.

    {"canary": {"number": "…", "databases": ["", "orders"]}}

asks for one for the stage's own recipients and one for those of `orders`. The answer has the key of
each object and its recipients, or the fact and the hint of an error.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from snapper.aws.parameters import Parameters
from snapper.aws.vault import Vault
from snapper.errors import SettingsError, SnapperError
from snapper.sealing.recipient import Recipient
from snapper.values.canary import NUMBER
from snapper.values.in_force import STAGE
from snapper.values.recipients import read_recipients
from snapper.values.settings import DumperSettings
from snapper.verbs.canary import lay


def answer(asked: dict[str, Any], settings: DumperSettings) -> dict[str, Any]:
    """Lay the canaries that are asked for, and say where they are."""
    try:
        return {"canaries": _lay(str(asked["number"]), asked["databases"], settings)}
    except SnapperError as error:
        return {"error": {"fact": str(error), "hint": error.hint}}


def _lay(number: str, databases: Iterable[str], settings: DumperSettings) -> dict[str, Any]:
    if not NUMBER.fullmatch(number):
        raise SettingsError("a canary's number has 32 hexadecimal digits")
    parameters = Parameters.connect(settings.parameter_root)
    found = {key: _recipients(key, parameters, settings) for key in databases}
    now = datetime.now(UTC)
    laid = lay(Vault.connect(settings.bucket), settings.stage, number, found, now)
    return {
        key: {"key": laid[key], "recipients": [each.text for each in recipients]}
        for key, recipients in found.items()
    }


def _recipients(
    database: str, parameters: Parameters, settings: DumperSettings
) -> Sequence[Recipient]:
    own = () if database == STAGE else parameters.database(database).options.recipients
    if not (texts := own or settings.sealed_for):
        raise SettingsError("the dumper has no recipients in force", hint="run pulumi up")
    return read_recipients(texts)
