"""`snapper evidence`, run against the deployed service."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from snapper.aws.policies import Rights
from snapper.values.job import write_time
from snapper.values.proof import Lacking, Proof
from snapper.values.verification import FailedTrial, Restored, Verification
from snapper.verbs.verify import record
from tests.snapper.cli.test_html import Reader
from tests.support.databases import AT
from tests.support.manifests import manifest
from tests.support.stage import StageUnderTest, wait_until

HOSTILE = "<script>alert(1)</script>\x1b[2J"
PROOF = Proof("18.6", 12, ("SELECT true",), Lacking(("postgis",), {"table": 3}))
RESTORED = Restored(12, 48_211, 41.5, proof=PROOF)
OLDER = AT - timedelta(days=7)
SINCE = "2026-11-01"


@pytest.fixture
def key(stage: StageUnderTest) -> Iterator[str]:
    """A database that is backed up no more: one backup was proven, one could not be restored."""
    verdicts = {
        OLDER: Verification(OLDER, "", True, restored=RESTORED, restored_at=OLDER),
        AT: Verification(AT, "", True, failed=FailedTrial(AT, HOSTILE)),
    }
    for at, verdict in verdicts.items():
        made = manifest(database="filed", scheduled_at=at, started_at=at, backup_bytes=1500)
        stage.put_backup(made)
        record(stage.vault, "filed", at, replace(verdict, sha256=made.sha256))
    yield "filed"
    stage.forget("filed")


def test_the_page_has_every_backup_with_its_digest_and_what_was_proven(
    stage: StageUnderTest, key: str, tmp_path: Path
) -> None:
    file = tmp_path / "evidence.html"
    ran = stage.run_cli("evidence", key, "--since", SINCE, "--html", str(file))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"{file}: the evidence of 1 database\n"
    page = file.read_text(encoding="utf-8")
    text = Reader(page).text
    assert text.count("ab" * 32) == 2
    assert write_time(OLDER) in text
    assert "12 tables, 48,211 rows; the rows of 12 tables as in the list of contents" in text
    assert "1 assertion true; but for postgis: 3 tables" in text
    assert "41.5 s" in text
    assert page.count("<circle ") == 1
    assert "not mended" in text
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["evidence.html"]


def test_nothing_in_the_page_is_run_or_fetched(stage: StageUnderTest, key: str) -> None:
    page = stage.run_cli("evidence", key, "--since", SINCE, "--html", "-").out
    found = Reader(page)
    tags = {tag for tag, _ in found.elements}
    assert not tags & {"script", "img", "link", "a", "iframe", "object", "form", "base", "use"}
    attributes = {name for _, given in found.elements for name, _ in given}
    assert not {each for each in attributes if each.startswith("on") or each in ("src", "href")}
    assert "default-src 'none'" in page
    assert r"<script>alert(1)</script>\x1b[2J" in found.text
    assert all(each.isprintable() or each == "\n" for each in page)


def test_a_table_for_people_says_what_is_open(stage: StageUnderTest, key: str) -> None:
    headers, row = stage.run_cli("evidence", key, "--since", SINCE).lines
    assert headers.split() == ["database", "backups", "newest", "proven", "recovery", "failures"]
    assert row.split() == [key, "2", write_time(AT), "1", "41.5", "s", "1,", "1", "not", "mended"]


def test_only_what_is_of_the_time_is_told(stage: StageUnderTest, key: str) -> None:
    (found,) = stage.run_cli("evidence", key, "--since", "2026-11-20", "--json").document[
        "databases"
    ]
    assert [each["taken_at"] for each in found["backups"]] == [write_time(AT)]
    assert found["recoveries"] == []
    assert found["failed_drills"][0]["mended_at"] is None


def test_a_failed_dump_is_in_the_evidence_with_its_reason(stage: StageUnderTest) -> None:
    nowhere = "postgresql://nobody:hush@127.0.0.1:1/none"

    def told() -> Any:
        (found,) = stage.run_cli("evidence", "nowhere", "--json").document["databases"]
        return found

    with stage.database("nowhere", nowhere):
        assert stage.run_cli("run", "nowhere").code == 0
        wait_until(lambda: told()["failures"])
        found = told()
        stage.settle()
    assert found["backups"] == []
    assert "127.0.0.1" in found["failures"][0]["reason"]
    assert "hush" not in str(found)


def test_whoever_may_only_read_can_file_it(stage: StageUnderTest, key: str) -> None:
    policy = stage.run_cli("policy", str(Rights.READ)).out
    ran = stage.run_cli("evidence", key, "--json", env=stage.as_role(policy))
    assert (ran.code, ran.document["unread"]) == (0, [])


def test_a_page_is_never_written_over_anything(
    stage: StageUnderTest, key: str, tmp_path: Path
) -> None:
    file = tmp_path / "precious"
    file.write_text("mine")
    ran = stage.run_cli("evidence", key, "--html", str(file))
    assert ran.code == 2
    assert file.read_text() == "mine"
    assert stage.run_cli("evidence", key, "--html", str(tmp_path / "no" / "x")).code == 2


@pytest.mark.parametrize(
    "options", [["--json", "--html", "x"], ["--since", "never"], ["--since", "2999-01-01"]]
)
def test_what_makes_no_sense_is_refused(stage: StageUnderTest, options: list[str]) -> None:
    ran = stage.run_cli("evidence", *options)
    assert ran.code == 2
    assert f"error: {options[0]} " in ran.err


def test_a_time_before_all_logs_means_from_the_first_on(stage: StageUnderTest) -> None:
    ran = stage.run_cli("evidence", "--since", "1960-01-01", "--json")
    assert ran.code == 0, ran.err
    assert ran.document["since"] == "1960-01-01T00:00:00Z"
