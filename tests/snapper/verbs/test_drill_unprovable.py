"""What a drill's server will never take is told, and is no dead letter of each drill."""

from collections.abc import Callable

from snapper.aws.vault import Vault
from snapper.errors import Unprovable
from snapper.values.manifest import Manifest
from snapper.verbs.catalog import listing
from snapper.verbs.drill import Prover
from snapper.verbs.trial import last_trial
from tests.snapper.verbs.test_drill import DRILL, NOW
from tests.snapper.verbs.test_drill import backup as backup
from tests.snapper.verbs.test_drill import prover as prover
from tests.support.recording import RecordedEvents


def test_what_only_another_major_could_prove_is_told_and_is_no_failure(
    backup: Manifest, prover: Callable[..., Prover], vault: Vault, events: RecordedEvents
) -> None:
    """To try it again would end the same, as a dead letter of each drill."""
    outcome = Unprovable("it cannot be proven here", hint="set its option drill to off")
    assert prover(outcome).prove(DRILL) == ""
    assert events.names() == ["drill.began", "drill.skipped"]
    told = events.fields("drill.skipped")
    assert (told["reason"], told["hint"]) == (str(outcome), outcome.hint)
    (listed,) = listing(vault, "orders", NOW)
    assert listed.verification
    assert (listed.verification.sound, listed.verification.proven_at) == (True, None)
    trial = last_trial(vault, "orders", NOW)
    assert trial
    assert trial.unproven_since == NOW
