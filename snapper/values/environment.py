"""What every function's settings have in common: how they travel in its environment."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Self

from snapper.errors import SettingsError


@dataclass(frozen=True)
class Environment:
    """Settings as environment variables: field `bucket` travels as `SNAPPER_BUCKET`."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read the settings; raise SettingsError naming every variable that is missing.

        What has a default may be: new code runs for a moment beside an older environment.
        """
        names = {
            field.name: f"SNAPPER_{field.name.upper()}"
            for field in fields(cls)
            if field.default is MISSING or env.get(f"SNAPPER_{field.name.upper()}")
        }
        missing = sorted(variable for variable in names.values() if not env.get(variable))
        if missing:
            raise SettingsError(
                f"{', '.join(missing)} not set in the environment",
                hint="the deployment sets them; run pulumi up again",
            )
        return cls(**{name: env[variable] for name, variable in names.items()})

    def to_env(self) -> dict[str, str]:
        """Write the settings as `from_env` reads them; one that is empty is left out."""
        return {
            f"SNAPPER_{field.name.upper()}": value
            for field in fields(self)
            if (value := getattr(self, field.name))
        }
