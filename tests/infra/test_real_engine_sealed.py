"""A living stage begins to seal, is given the key of its drills, and takes both back.

On Pulumi's real engine; the story is told once, and its tests judge what was seen.
"""

import pytest

from local.emulator.cloud import Cloud
from snapper.values.drill_identity import drill_identity_parameter
from snapper.values.service import Service
from snapper.values.settings import parameter_root, service_parameter
from tests.support.pulumi import installation
from tests.support.pulumi.provider import Call
from tests.support.pulumi.workspace import Workspace
from tests.support.recorder import SECRETS
from tests.support.sealed import ANOTHER, KEY, RECIPIENT

installation.need()

pytestmark = pytest.mark.long
SECRET = KEY.text.removeprefix("AGE-SECRET-KEY-1")

SEALS = ("snapper-dumper-function", "snapper-signpost-parameter", "snapper-vault-lifecycle")
OPENS = ("snapper-prover-function", "snapper-prover-rights", "snapper-signpost-parameter")
IDENTITY = "snapper-prover-identity"


class Story:
    """A stage that seals for a while."""

    def __init__(self, workspace: Workspace, cloud: Cloud) -> None:
        self.ssm = cloud.client("ssm")
        stack = workspace.stack("sealed", **SECRETS, deleteBackupsOnDestroy="true")
        stack.up().must_be_good()
        stack.set_at("recipients[0]", RECIPIENT[:-1])
        self.misspelt = stack.run("preview")
        stack.set_at("recipients[0]", RECIPIENT)
        self.alone = stack.run("preview")
        stack.set_at("recipients[1]", ANOTHER)
        self.sealing = stack.change()
        self.still_sealing = stack.change("--refresh", "--expect-no-changes")
        stack.run("config", "set", "--plaintext", "drillIdentity", KEY.text).must_be_good()
        self.in_clear = stack.run("preview")
        stack.set(drillIdentity=KEY.text)
        self.opening = stack.change()
        self.still_opening = stack.change("--refresh", "--expect-no-changes")
        self.kept = self.parameter(drill_identity_parameter(self.root))
        self.signpost = Service.from_json(self.parameter(service_parameter(self.root)))
        self.state = stack.run("stack", "export").text
        stack.unset("drillIdentity")
        self.closed = stack.change()
        stack.unset("recipients")
        self.plain = stack.change()
        stack.destroy().must_be_good()
        self.told = "".join(ran.text for ran in workspace.ran)

    root = parameter_root("sealed")

    def parameter(self, name: str) -> str:
        found = self.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
        return str(found["Value"])


@pytest.fixture(scope="module")
def story(workspace: Workspace, cloud: Cloud) -> Story:
    return Story(workspace, cloud)


def done(calls: list[Call]) -> list[tuple[str, str]]:
    return sorted((call.verb, call.name) for call in calls)


def updated(*names: str) -> list[tuple[str, str]]:
    return [("update", name) for name in names]


def test_a_misspelt_recipient_is_refused_at_the_preview(story: Story) -> None:
    assert story.misspelt.code != 0
    assert "recipients" in story.misspelt.text


def test_one_that_is_alone_and_unproven_is_warned_of(story: Story) -> None:
    assert story.alone.code == 0, story.alone.text
    assert "nobody has proven" in story.alone.text
    assert "one key alone" in story.alone.text


def test_sealing_is_a_setting_of_functions_and_makes_nothing(story: Story) -> None:
    assert done(story.sealing) == updated(*SEALS)
    assert story.still_sealing == []


def test_a_key_of_drills_that_is_not_encrypted_is_refused_and_not_repeated(story: Story) -> None:
    assert story.in_clear.code != 0
    assert "pulumi config set --secret drillIdentity" in story.in_clear.text


def test_the_key_of_drills_is_one_encrypted_parameter_more(story: Story) -> None:
    assert done(story.opening) == [("create", IDENTITY), *updated(*OPENS)]
    assert story.still_opening == []
    assert story.kept == KEY.text
    assert story.signpost.drill_identity == KEY.recipient.digest


def test_the_key_of_drills_is_in_clear_nowhere(story: Story) -> None:
    assert "DRILL_IDENTITY" in story.state
    assert SECRET not in story.state + story.told


def test_both_go_as_they_came(story: Story) -> None:
    assert done(story.closed) == [("delete", IDENTITY), *updated(*OPENS)]
    assert done(story.plain) == updated(*SEALS)
