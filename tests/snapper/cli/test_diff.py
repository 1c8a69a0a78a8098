"""`snapper diff`, run against the deployed service."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from snapper.aws.policies import Rights
from snapper.values.job import write_time
from tests.support.databases import AT
from tests.support.listed import rows, store_listed
from tests.support.stage import StageUnderTest

OLDER = AT - timedelta(days=1)
ENTRY = b"\n--\n-- Name: %b; Type: TABLE; Schema: public; Owner: me\n--\n\n"


def table(name: bytes, *columns: bytes) -> bytes:
    return ENTRY % name + b'CREATE TABLE "public"."%b" (\n%b\n);\n' % (name, b",\n".join(columns))


@pytest.fixture
def key(stage: StageUnderTest) -> Iterator[str]:
    """A database that is backed up no more, with two backups that differ."""
    before = [table(b"items", b"    a text"), rows('"public"."items"', "1", "2"), b"\n\n"]
    after = [
        table(b"items", b"    a text", b"    b text") + table(b"\x1b[2Jx", b"    a text"),
        rows('"public"."items"', "1", "2", "a value of a row"),
        rows('"public"."\x1b[2Jx"'),
        b"\n\n",
    ]
    for at, parts in ((OLDER, before), (AT, after)):
        store_listed(stage.vault, parts, at, database="changed", encoding="UTF8")
    yield "changed"
    stage.forget("changed")


def test_people_see_tables_and_a_diff(stage: StageUnderTest, key: str) -> None:
    ran = stage.run_cli("diff", key)
    assert (ran.code, ran.err) == (0, "")
    lines = [" ".join(line.split()) for line in ran.lines]
    assert lines[0] == f"{key} from {write_time(OLDER)} to {write_time(AT)}"
    assert "public.items 2 -> 3 4 bytes -> 21 bytes 1 more row" in lines
    assert r"public.\x1b[2Jx 0 0 bytes new" in lines
    assert "0 tables unchanged" in lines
    at = ran.lines.index("changed: TABLE public.items")
    assert "+    b text" in ran.lines[at:]
    assert "a value of a row" not in ran.out
    assert "\x1b" not in ran.out


def test_json_says_the_same(stage: StageUnderTest, key: str) -> None:
    found = stage.run_cli("diff", key, "--json").document
    assert found["differs"]
    assert [each["change"] for each in found["tables"]] == ["new", "more rows"]
    assert found["tables"][1]["before"] == {"rows": 2, "bytes": 4}
    assert [each["change"] for each in found["definitions"]] == ["new", "changed"]
    assert found["from"]["manifest"]["scheduled_at"] == write_time(OLDER)
    assert found["to"]["manifest"]["scheduled_at"] == write_time(AT)


def test_the_exit_code_tells_of_a_change_only_if_asked(stage: StageUnderTest, key: str) -> None:
    assert stage.run_cli("diff", key, "--exit-code").code == 1
    assert stage.run_cli("diff", key, "--exit-code", "--json").code == 1
    same = [rows('"public"."items"', "1"), b"\n\n"]
    for hours in (1, 2):
        store_listed(stage.vault, same, AT + timedelta(hours=hours), database=key)
    ran = stage.run_cli("diff", key, "--exit-code")
    assert ran.code == 0
    assert "no definition changed" in ran.lines


def test_what_could_not_be_compared_is_no_good_news(stage: StageUnderTest, key: str) -> None:
    for hours, statement in ((1, b"CREATE TABLE t ();\n"), (2, b"VACUUM;\n")):
        store_listed(stage.vault, [statement], AT + timedelta(hours=hours), database=key)
    ran = stage.run_cli("diff", key, "--exit-code")
    assert ran.code == 1
    assert "warning: the definitions are not compared: at line 1 of the dump" in ran.err
    assert stage.run_cli("diff", key).code == 0


def test_times_choose_the_backups(stage: StageUnderTest, key: str) -> None:
    ran = stage.run_cli("diff", key, "--from", write_time(AT), "--to", write_time(OLDER))
    assert ran.lines[0] == f"{key} from {write_time(AT)} to {write_time(OLDER)}"
    assert any(line.endswith("gone") for line in ran.lines)
    assert stage.run_cli("diff", key, "--to", write_time(OLDER)).code == 3
    assert stage.run_cli("diff", key, "--from", write_time(AT)).code == 2
    assert stage.run_cli("diff", "none").code == 2


def test_it_takes_the_rights_of_who_may_restore(stage: StageUnderTest, key: str) -> None:
    rights = {each: stage.run_cli("policy", str(each)).out for each in Rights}
    ran = stage.run_cli("diff", key, "--json", env=stage.as_role(rights[Rights.RESTORE]))
    assert (ran.code, len(ran.document["definitions"])) == (0, 2)
    assert stage.run_cli("diff", key, env=stage.as_role(rights[Rights.READ])).code == 8
