"""What the functions of a stage that signs have for it: made of their settings, or nothing."""

from functools import cache

from snapper.aws.newest import Newest
from snapper.aws.signing import Signer
from snapper.aws.vault import Vault
from snapper.values.chain import Check
from snapper.values.settings import DumperSettings, PrunerSettings
from snapper.verbs.bury import Graveyard, NoTrace, Undertaker
from snapper.verbs.chain_link import Chain
from snapper.verbs.events import Events


def chain_of(settings: DumperSettings, vault: Vault, events: Events) -> Chain | None:
    """Give what signs manifests, if any are signed."""
    if not settings.signing_key:
        return None
    newest, signer = _open(settings)
    return Chain(vault, newest, signer, cache(lambda: _check(newest, signer)), events)


def undertaker_of(settings: PrunerSettings, vault: Vault) -> Undertaker:
    """Give what leaves tombstones, if any are left."""
    if not settings.signing_key:
        return NoTrace()
    newest, signer = _open(settings)
    return Graveyard(vault, signer, cache(lambda: _check(newest, signer)))


def _open(settings: DumperSettings | PrunerSettings) -> tuple[Newest, Signer]:
    return Newest.connect(settings.parameter_root), Signer.connect(settings.signing_key)


def _check(newest: Newest, signer: Signer) -> Check:
    # Its library is not loaded where nothing is signed.
    from snapper.verbs.trusted import trusted_keys

    return trusted_keys(newest, signer.key).check
