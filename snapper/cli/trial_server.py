"""The operator's own server, on which backups are to be tried."""

from snapper.engines.engine import ENGINES, engine_of
from snapper.errors import SettingsError
from snapper.values.manifest import FIRST_ENGINE


def require_server(text: str) -> None:
    """Raise what keeps backups from being tried there, such as that no engine knows its form."""
    faults = {kind: tuple(engine_of(kind).faults(text)) for kind in ENGINES}
    known = [kind for kind in ENGINES if not faults[kind]]
    if not known:
        raise SettingsError(f"--on is invalid: {faults[FIRST_ENGINE][0]}")
    engine_of(known[0]).require_server(text)
