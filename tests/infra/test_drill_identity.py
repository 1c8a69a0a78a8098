"""The key by which drills open sealed backups is where the prover reads it, and nowhere else."""

import json
from fnmatch import fnmatchcase

import pytest

from infra.settings import SettingsRefused
from snapper.sealing.seal import seal_by_passphrase
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
    return record(drillIdentity=f"# for drills\n{OURS.text}\n", **RESTORING)


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


def test_under_a_key_of_ones_own_they_may_decrypt_it_by_way_of_ssm_alone() -> None:
    recorded = record(drillIdentity=OURS.text, kmsKeyArn=KEY)
    assert recorded.named(NAME).inputs["keyId"] == KEY
    using = [
        each
        for each in recorded.named("snapper-prover-rights").policy()
        if each["Action"] == ["kms:Decrypt"] and "ssm" in str(each["Condition"])
    ]
    assert {json.dumps(each, sort_keys=True) for each in using} == {
        json.dumps(using[0], sort_keys=True)
    }
    assert using[0]["Resource"] == [KEY]


def test_who_reads_the_signpost_learns_which_public_key_it_has(opening: Graph) -> None:
    said = Service.from_json(opening.named("snapper-signpost-parameter").inputs["value"])
    variables = opening.named("snapper-prover-function").inputs["environment"]["variables"]
    assert ProverSettings.from_env(variables).drill_identity == said.drill_identity
    assert said.drill_identity == OURS.recipient.digest
    assert opens(said.drill_identity, [OTHERS.recipient.digest, OURS.recipient.digest])
    assert not opens(said.drill_identity, [OTHERS.recipient.digest])
    assert not opens("", [OURS.recipient.digest])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OURS.recipient.text, "drillIdentity has a public key in line 1"),
        ("", "drillIdentity holds no secret key of age or SSH"),
        (OURS.text[:-1] + "Q", "drillIdentity has a secret key in line 1 that"),
        (
            seal_by_passphrase(OURS.text.encode(), "hush").decode(),
            "drillIdentity is protected by a passphrase, and nobody types it there",
        ),
        (f"{OURS.text}\n" * 60, "drillIdentity has more than 4096 bytes"),
    ],
    ids=["public", "empty", "misspelt", "under a passphrase", "too long"],
)
def test_what_opens_nothing_there_is_refused_without_a_word_of_it(text: str, words: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        record(drillIdentity=text)
    assert words in str(refused.value)
    assert SECRET[:20] not in str(refused.value)


def test_it_is_refused_where_it_is_kept_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "ENCRYPTED", ())
    with pytest.raises(SettingsRefused, match="drillIdentity is not encrypted: pulumi config set"):
        record(drillIdentity=OURS.text)
