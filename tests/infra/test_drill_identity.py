"""The key by which drills open sealed backups is where the prover reads it, and nowhere else."""

import json
from fnmatch import fnmatchcase

import pytest

from infra.settings import SettingsRefused
from snapper.values.drill_identity import opens
from snapper.values.service import Service
from snapper.values.settings import ProverSettings
from tests.infra.test_functions import PARAMETERS
from tests.support import recorder
from tests.support.recorder import RESTORING, Graph, record
from tests.support.sealed import KEY as OURS
from tests.support.sealed import OTHER as OTHERS

SECRET = OURS.text.removeprefix("AGE-SECRET-KEY-1")
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NAME = "snapper-prover-identity"


@pytest.fixture(scope="module")
def opening() -> Graph:
    """Record a stage that has one, and every kind of container."""
    return record(drillIdentity=f"# for drills\n{OURS.text}\n", kmsKeyArn=KEY, **RESTORING)


def test_without_it_nothing_is_kept_and_nobody_is_told_of_any(graph: Graph) -> None:
    assert not [one for one in graph if one.name == NAME]
    assert "DRILL_IDENTITY" not in json.dumps([one.inputs for one in graph], default=str)
    told = graph.named("snapper-signpost-parameter").inputs["value"]
    assert Service.from_json(told).drill_identity == ""


def test_it_is_encrypted_and_in_no_clear_text(opening: Graph) -> None:
    one = opening.named(NAME)
    assert one.inputs["name"] == "/snapper/prod/DRILL_IDENTITY"
    assert one.inputs["type"] == "SecureString"
    assert "value" in one.secret_inputs
    assert SECRET in one.inputs["value"]
    rest = [each.inputs for each in opening if each.name != NAME]
    assert SECRET not in json.dumps(rest, default=str)


def test_the_prover_and_its_containers_read_it_and_no_other_role(opening: Graph) -> None:
    path = f"{PARAMETERS}/DRILL_IDENTITY"
    above = ["/".join(path.split("/")[:end]) for end in range(1, path.count("/") + 1)]
    granted = [
        (policy.name, each["Action"])
        for policy in opening.of("iam/rolePolicy:RolePolicy")
        for each in policy.policy()
        if each["Effect"] == "Allow" and any(one.startswith("ssm:") for one in each["Action"])
        if any(fnmatchcase(one, wanted) for one in (path, *above) for wanted in each["Resource"])
    ]
    reading = ["ssm:GetParameter"]
    assert sorted(granted) == [
        ("snapper-prover-batch-job-rights", reading),
        ("snapper-prover-rights", reading),
    ]


def test_under_a_key_of_ones_own_they_may_decrypt_it_by_way_of_ssm_alone(opening: Graph) -> None:
    assert opening.named(NAME).inputs["keyId"] == KEY
    for policy in ("snapper-prover-rights", "snapper-prover-batch-job-rights"):
        using = [
            (each["Resource"], each["Condition"]["StringEquals"]["kms:ViaService"])
            for each in opening.named(policy).policy()
            if each["Action"] == ["kms:Decrypt"]
        ]
        assert set(map(str, using)) == {str(([KEY], "ssm.eu-central-1.amazonaws.com"))}


def test_who_reads_the_signpost_learns_which_public_key_it_has(opening: Graph) -> None:
    said = Service.from_json(opening.named("snapper-signpost-parameter").inputs["value"])
    variables = opening.named("snapper-prover-function").inputs["environment"]["variables"]
    assert ProverSettings.from_env(variables).drill_identity == said.drill_identity
    assert said.drill_identity == OURS.recipient.digest
    assert opens(said.drill_identity, [OTHERS.recipient.digest, OURS.recipient.digest])
    assert not opens(said.drill_identity, [OTHERS.recipient.digest])
    assert not opens("", [OURS.recipient.digest])


def test_it_is_refused_in_clear_and_a_preview_says_what_becomes_of_drills_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", lambda message, *_: told.append(message))
    record(recipients=json.dumps([OURS.recipient.text]))
    (shut,) = (each for each in told if "sealed" in each)
    assert shut.startswith("the backups of orders, people are sealed, and drillIdentity is not set")
    monkeypatch.setattr(recorder, "ENCRYPTED", ())
    with pytest.raises(SettingsRefused, match="drillIdentity is not encrypted: pulumi config set"):
        record(drillIdentity=OURS.text)
