"""The settings of the stack that Pulumi deploys: read once, all faults shown at once."""

import os
import re
from dataclasses import dataclass

import pulumi
from pulumi.runtime.config import CONFIG, is_config_secret

from infra.authorities import bundle_faults
from infra.databases import read_databases, read_targets
from infra.scope import Scope
from snapper.engines.checks import doubts
from snapper.values import stage_checks
from snapper.values.drill_identity import DRILL_IDENTITY, read_drill_identity
from snapper.values.embedded import is_embedded
from snapper.values.options import SETTING
from snapper.values.settings import CONNECTIONS, RETENTIONS, TARGETS
from snapper.values.stage_settings import StageSettings, known_keys, read_plain, read_structured


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
        here = is_embedded(_endpoints())
        given = {key: config.get(key) for key in (CONNECTIONS, RETENTIONS, TARGETS)}
        databases = read_databases(given, _options(config), faults, from_here=here)
        targets = read_targets(
            given[TARGETS], faults, encrypted=_is_secret(TARGETS), from_here=here
        )
        identity = read_drill_identity(
            config.get(DRILL_IDENTITY), faults, encrypted=_is_secret(DRILL_IDENTITY)
        )
        plain = read_plain(config.get, faults)
        parts = read_structured(lambda key: _structured(config, key), faults)
        if copied := parts["replica"]:
            faults.extend(copied.place_faults(pulumi.Config("aws").get("region")))
        faults.extend(bundle_faults(databases, plain.get("ca_bundle", "")))
        try:
            stage = pulumi.get_stack()
            settings = cls(stage, databases, targets, drill_identity=identity, **plain, **parts)
        except SettingsRefused as refused:
            faults.extend(refused.faults)
        if faults or settings is None:
            raise SettingsRefused(tuple(faults))
        networked = bool(settings.subnet_ids) or here
        bundled = bool(settings.ca_bundle)
        found = doubts(databases, targets, networked=networked, bundled=bundled)
        for doubt in (*found, *settings.doubts()):
            pulumi.log.warn(doubt)
        return settings


def _is_secret(key: str) -> bool:
    """Tell whether Pulumi's config keeps a value encrypted."""
    return is_config_secret(f"{pulumi.get_project()}:{key}")


def _given() -> list[str]:
    """Give the keys that are set in the project's own namespace, Pulumi.yaml's defaults too."""
    own = f"{pulumi.get_project()}:"
    # Pulumi gives the value of a key, but the keys to nobody who does not know them.
    return [key.removeprefix(own) for key in CONFIG.get() if key.startswith(own)]


def _options(config: pulumi.Config) -> object:
    """Give what is set of single databases; Pulumi.yaml cannot declare a setting of its form."""
    try:
        return config.get_object(SETTING, {})
    except pulumi.ConfigTypeError:
        return None


def _structured(config: pulumi.Config, key: str) -> object:
    """Give a setting that has parts; where it is no JSON, the text that is none."""
    try:
        return config.get_object(key)
    except pulumi.ConfigTypeError:
        return config.get(key)


def _endpoints() -> list[str]:
    """Give where AWS is, if it is not AWS's own, as the provider knows it."""
    given = pulumi.Config("aws").get_object("endpoints") or ()
    return [str(url) for each in given for url in each.values()]
