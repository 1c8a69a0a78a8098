"""The settings of the stack that Pulumi deploys: read once, all faults shown at once."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pulumi
from pulumi.runtime.config import CONFIG

from infra.authorities import bundle_faults
from infra.credentials import sign_in_faults
from infra.scope import Scope
from snapper.engines.checks import doubts, option_faults, usability_checks
from snapper.errors import SecretsInvalid
from snapper.values import stage_checks
from snapper.values.embedded import is_embedded
from snapper.values.handover import crowding
from snapper.values.options import SETTING
from snapper.values.secrets import Database, parse_secrets, with_options
from snapper.values.settings import CONNECTIONS, RETENTIONS
from snapper.values.stage_settings import StageSettings, known_keys, read_plain


class SettingsRefused(pulumi.RunError):
    """The stack's settings have faults.

    A RunError, because Pulumi prints those alone, without a stack trace; `faults` holds a sentence
    for each, and none holds a secret.
    """

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(
            "the settings of this stack are invalid:\n"
            + "\n".join(f"  - {fault}" for fault in faults)
        )
        self.faults = faults


@dataclass(frozen=True)
class StackSettings(StageSettings):
    """The settings of the stage that Pulumi deploys."""

    def __post_init__(self) -> None:
        """Refuse values that AWS would refuse later, or that contradict each other."""
        if faults := tuple(self.faults()):
            raise SettingsRefused(faults)

    @property
    def scope(self) -> Scope:
        """The names and tags of this stage."""
        return Scope(self.stage)

    @property
    def is_foreign(self) -> bool:
        """Whether the bucket to adopt does not look as if a stage of this name has made it."""
        own = re.fullmatch(rf"{self.scope.name('')}\d{{18}}[0-9a-f]{{8}}", self.bucket)
        return bool(self.bucket) and not own

    @classmethod
    def load(cls) -> "StackSettings":
        """Read the settings of the stack being deployed; raise SettingsRefused with all faults."""
        config = pulumi.Config()
        shells = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        faults = [
            *stage_checks.key_faults(_given(), known_keys()),
            *stage_checks.region_faults(pulumi.Config("aws").get("region"), shells),
        ]
        settings: StackSettings | None = None
        databases = _with_options(config, _databases(config, faults), faults)
        plain = read_plain(config.get, faults)
        faults.extend(bundle_faults(databases, plain.get("ca_bundle", "")))
        try:
            settings = cls(stage=pulumi.get_stack(), databases=databases, **plain)
        except SettingsRefused as refused:
            faults.extend(refused.faults)
        if faults or settings is None:
            raise SettingsRefused(tuple(faults))
        networked = bool(settings.subnet_ids) or is_embedded(_endpoints())
        for doubt in doubts(databases, networked=networked):
            pulumi.log.warn(doubt)
        return settings


def _given() -> list[str]:
    """Give the keys that are set in the project's own namespace, Pulumi.yaml's defaults too."""
    own = f"{pulumi.get_project()}:"
    # Pulumi gives the value of a key, but the keys to nobody who does not know them.
    return [key.removeprefix(own) for key in CONFIG.get() if key.startswith(own)]


def _databases(config: pulumi.Config, faults: list[str]) -> tuple[Database, ...]:
    given = {key: config.get(key) for key in (CONNECTIONS, RETENTIONS)}
    secrets = {key: value for key, value in given.items() if value is not None}
    if missing := given.keys() - secrets.keys():
        faults.extend(
            f"{key} is not set: pulumi config set --secret {key}" for key in sorted(missing)
        )
        return ()
    usable = usability_checks(from_here=is_embedded(_endpoints()))
    try:
        databases = parse_secrets(secrets[CONNECTIONS], secrets[RETENTIONS], usable)
    except SecretsInvalid as invalid:
        faults.extend(invalid.faults)
        return ()
    if warning := crowding(secrets, len(databases)):
        pulumi.log.warn(warning)
    return databases


def _with_options(
    config: pulumi.Config, databases: Sequence[Database], faults: list[str]
) -> tuple[Database, ...]:
    """Give each database its options; Pulumi.yaml cannot declare a setting of their form."""
    try:
        given = config.get_object(SETTING, {})
    except pulumi.ConfigTypeError:
        given = None
    chosen = with_options(databases, given, faults, datetime.now(UTC))
    # Only where each option can be kept is it known who signs in by what.
    faults.extend(list(option_faults(chosen)) or sign_in_faults(chosen))
    return chosen


def _endpoints() -> list[str]:
    """Give where AWS is, if it is not AWS's own, as the provider knows it."""
    given = pulumi.Config("aws").get_object("endpoints") or ()
    return [str(url) for each in given for url in each.values()]
