"""By what drills open sealed backups: the key that a stage keeps for them, if it keeps one."""

from snapper.aws import client as aws
from snapper.aws.store import Store
from snapper.aws.vault import Vault
from snapper.errors import SettingsError
from snapper.sealing.identity import Identity
from snapper.sealing.key_file import read_identities
from snapper.values.drill_identity import drill_identity_parameter, nobody
from snapper.values.manifest import Manifest
from snapper.values.settings import ProverSettings
from snapper.verbs.unsealed import Backups, Opening, unsealed, without_key


def opening_of(settings: ProverSettings) -> Opening:
    """Give what opens backups for a drill: by the stage's key, read anew for each sealed one."""
    if not settings.drill_identity:
        return without_key

    def opened(vault: Vault, manifest: Manifest) -> Backups:
        return unsealed(vault, manifest, _read(settings) if manifest.recipients else ())

    return opened


def _read(settings: ProverSettings) -> tuple[Identity, ...]:
    name = drill_identity_parameter(settings.parameter_root)
    try:
        return read_identities(Store(aws.client("ssm")).value(name), nobody)
    except ValueError as fault:
        # Somebody has written it past the deployment.
        raise SettingsError(f"{name} {fault}", hint="run pulumi up again") from None
