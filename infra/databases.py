"""The databases and targets that the secrets name, with their options; every fault is gathered."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pulumi

from infra.credentials import sign_in_faults
from snapper.engines.checks import option_faults, target_checks, usability_checks
from snapper.errors import SecretsInvalid
from snapper.values.handover import crowding
from snapper.values.secrets import (
    Checks,
    Database,
    Target,
    parse_secrets,
    parse_targets,
    with_options,
)
from snapper.values.settings import CONNECTIONS, RETENTIONS
from snapper.values.stage_checks import clear_text_faults


def read_databases(
    given: Mapping[str, str | None], options: object, faults: list[str], *, from_here: bool
) -> tuple[Database, ...]:
    """Read the secrets by their names, and the options; warn where few more would fit."""
    databases = _databases(given, faults, usability_checks(from_here=from_here))
    chosen = with_options(databases, options, faults, datetime.now(UTC))
    # Only where each option can be kept is it known who signs in by what.
    faults.extend(list(option_faults(chosen)) or sign_in_faults(chosen))
    return chosen


def read_targets(
    given: str | None, faults: list[str], *, encrypted: bool, from_here: bool
) -> tuple[Target, ...]:
    """Read the third secret, if there is one, which only Pulumi's config has, encrypted."""
    if given is None:
        return ()
    faults.extend(clear_text_faults(encrypted=encrypted))
    try:
        return parse_targets(given, target_checks(from_here=from_here))
    except SecretsInvalid as invalid:
        faults.extend(invalid.faults)
        return ()


def _databases(
    given: Mapping[str, str | None], faults: list[str], usable: Checks
) -> tuple[Database, ...]:
    secrets = {key: value for key, value in given.items() if value is not None}
    if missing := {CONNECTIONS, RETENTIONS} - secrets.keys():
        faults.extend(
            f"{key} is not set: pulumi config set --secret {key}" for key in sorted(missing)
        )
        return ()
    try:
        databases = parse_secrets(secrets[CONNECTIONS], secrets[RETENTIONS], usable)
    except SecretsInvalid as invalid:
        faults.extend(invalid.faults)
        return ()
    if warning := crowding(secrets, len(databases)):
        pulumi.log.warn(warning)
    return databases
