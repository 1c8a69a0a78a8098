"""`snapper restore --in-cloud`: what it refuses before a container is asked."""

from collections.abc import Iterator

import pytest

from tests.support.stage import StageUnderTest

IN_CLOUD = ("--in-cloud", "--into", "copy")


@pytest.fixture(scope="module")
def backed_up(stage: StageUnderTest) -> Iterator[str]:
    with stage.database("clouded", stage.source(18).dsn) as key:
        stage.back_up(key)
        yield key


@pytest.mark.parametrize(
    ("arguments", "fact"),
    [
        ((), "there is no KEY"),
        (("clouded", "--in-cloud"), "no target is given"),
        (("clouded", "--into", "copy"), "--into is for --in-cloud"),
        (("clouded", "--in-cloud", "--into", "no/key"), "can be no key"),
        (("clouded", *IN_CLOUD, "--to", "x"), "--to is for a restore from here"),
        (("clouded", *IN_CLOUD, "--table", "public.t"), "--table is for a restore from here"),
        (("clouded", *IN_CLOUD, "--show-values"), "--show-values is for a restore from here"),
        (("clouded", *IN_CLOUD, "--jobs", "2"), "--jobs is for a new database"),
        (("clouded", "--follow", "x"), "KEY changes nothing of a restore that is under way"),
        (("--follow", "x", "--create"), "--create changes nothing"),
        (("--follow", "x", "--at", "latest"), "--at changes nothing"),
    ],
)
def test_what_contradicts_itself_is_refused(
    stage: StageUnderTest, arguments: tuple[str, ...], fact: str
) -> None:
    ran = stage.run_cli("restore", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert fact in ran.err


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)])
def test_a_stage_without_such_containers_says_the_line_to_type(
    stage: StageUnderTest, backed_up: str, dry_run: tuple[str, ...]
) -> None:
    for arguments in ((backed_up, *IN_CLOUD, *dry_run), ("--follow", "some-restore")):
        ran = stage.run_cli("restore", *arguments)
        assert (ran.code, ran.out) == (2, "")
        assert "the stage tried has no containers that restore" in ran.err
        assert "pulumi config set largeDatabases true --stack tried && pulumi" in ran.err
    assert stage.run_cli("policy", "restore-in-cloud").code == 2
