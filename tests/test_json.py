"""The JSON that docs/json.md promises is what the commands print: no field more, and none less."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.demo.compare import Comparison
from local.demo.fault import Fault
from local.demo.report import DatabaseReport, DemoReport
from snapper.cli import app
from snapper.cli.diff import to_dict as difference_to_dict
from snapper.errors import BackupDamaged
from snapper.values.chain import Link, Ref
from snapper.values.chain_finding import ChainFinding, ChainJudgement, Wrong
from snapper.values.contents import Contents
from snapper.values.difference import Amount, Change, DefinitionChange, TableChange
from snapper.values.finding import failure
from snapper.values.parts import TableRows
from snapper.values.proof import Lacking, Proof
from snapper.values.verification import Accepted, FailedTrial, Restored, Verification
from snapper.verbs.diff import Difference
from tests.support.manifests import LACKING, NOON, manifest
from tests.support.properties import SAMPLE
from tests.support.restores import flip
from tests.support.sealed import RECIPIENT
from tests.support.stage import StageUnderTest

ROOT = Path(__file__).parents[1]

# Fields below these are told once, in a section of their own.
SHARED = ("manifest", "verification")
MAPS = {
    "list": ("databases",),
    "prune": ("databases",),
    "doctor": ("findings",),
    "contents": ("contents.statements[].kinds",),
    "cost": (
        *("prices.storage", "prices.write_requests", "prices.retrieval", "shared"),
        *("databases[].stored_bytes", "databases[].noncurrent_bytes"),
    ),
}

# What only a backup of more than a gigabyte has.
SPLIT = TableRows("public", "t", 1, 2, 0, 9, "ab", more=((9, 12),))
LARGE = Contents("ab", (SPLIT, TableRows("public", "u", 1, 2, 12, 15, "ab", offset=0)), ())
MISSED = ChainFinding(Wrong.REMOVED, NOON, "gone")
CHAIN = ChainJudgement("orders", 1, 2, 3, 4, (MISSED,), ("a remark",)).to_dict()
MADE = {
    "contents": ({"contents": LARGE.to_dict()},),
    "status": ({"replica": [failure("replica", "no", "yes").to_dict()]},),
    "verify": ({"chains": [{**CHAIN, "error": {"fact": "no", "hint": "yes"}}]},),
}


def promised() -> dict[str, set[str]]:
    """Read the fields of docs/json.md by section."""
    sections = (ROOT / "docs" / "json.md").read_text(encoding="utf-8").split("\n## ")[1:]
    return {
        section.partition("\n")[0]: {
            field
            for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
            for field in re.findall(r"`([^`]+)`", row)
        }
        for section in sections
    }


def fields(value: Any, maps: tuple[str, ...] = (), path: str = "") -> Iterator[str]:
    """Give the path of every leaf; empty lists and null are leaves where they stand."""
    if path.rpartition(".")[2] in SHARED or (path == "databases[].newest" and value):
        yield path
    elif isinstance(value, dict) and value:
        for name, inner in value.items():
            step = "*" if path in maps else name
            yield from fields(inner, maps, f"{path}.{step}" if path else step)
    elif isinstance(value, list) and value:
        for inner in value:
            yield from fields(inner, maps, f"{path}[]")
    else:
        yield path


def check(section: str, *documents: Any, maps: tuple[str, ...] = ()) -> None:
    """Hold what was printed against what is promised."""
    told = promised()[section]
    there = {path for document in documents for path in fields(document, maps)}
    for path in there:
        empty = any(each.startswith((f"{path}.", f"{path}[]")) for each in told)
        assert path in told or empty, f"{section}: {path} is not in docs/json.md"
    for path in told:
        parents = [path[: found.start()] for found in re.finditer(r"\.|\[\]", path)]
        seen = path in there or any(parent in there for parent in parents)
        assert seen, f"{section}: docs/json.md promises {path}, which is not there"


def test_every_command_with_json_is_told() -> None:
    assert set(promised()) == {*app.COMMANDS, "errors", *SHARED}


def test_manifest_and_verification_are_as_told() -> None:
    link = Link(2, (Ref(NOON, 1, "ab" * 32),), "arn:aws:kms:a:1:key/a", "MEUC")
    known = manifest(
        roles=("reader",), properties=SAMPLE, omitted=LACKING, contents="ab", jobs=2, chain=link
    )
    for_one = {"recipients": (RECIPIENT,), "packed_bytes": 1, "packed_sha256": "cd" * 32}
    sealed = replace(known, **for_one, contents_in_clear=True)  # type: ignore[arg-type]
    check("manifest", known.to_dict(), sealed.to_dict())
    failed = FailedTrial(NOON, "no", Accepted(NOON, "ann", "why not"))
    proof = Proof("18.6", 1, ("SELECT true",), Lacking(("postgis",), {"table": 1}, ("a.b",)))
    restored = Restored(1, 2, 3.0, uncounted=1, remarks=("not as in the backup",), proof=proof)
    proven = Verification(NOON, "ab", True, restored=restored, failed=failed)
    whole = replace(proven, restored=replace(restored, proof=replace(proof, lacking=None)))
    unopened = replace(proven, unopened=True, opened_at=NOON, inside=True)
    documents = proven.to_dict(), whole.to_dict(), unopened.to_dict()
    check("verification", *documents, maps=("proof.lacking.left_out",))


def test_the_demos_document_is_as_told() -> None:
    compared = Comparison(1, 2, 0, ("different",))
    report = DatabaseReport(
        "orders", (manifest(),), ("a",), ("b",), compared, ("note",), (Fault("no", "yes"),)
    )
    check("demo", DemoReport((report,), 38, {}, 1.0).to_dict())


def test_the_document_of_a_difference_is_as_told() -> None:
    some = Amount(1, 2)
    tables = (TableChange("public", "t", Change.REWRITTEN, some, some),)
    definitions = (DefinitionChange("TABLE", "public.t", Change.CHANGED, ("-a", "+b")),)
    found = Difference(manifest(), manifest(), tables, 1, definitions)
    check("diff", {"stage": "prod", **difference_to_dict(found)})


def test_what_the_commands_print_is_as_told(stage: StageUnderTest, tmp_path: Path) -> None:
    with stage.database("told", stage.source(18).dsn):
        damaged = stage.back_up("told", NOON)
        stage.damage(damaged, flip)
        stage.back_up("told")
        target = stage.server(18).dsn("told as a document")
        file = str(tmp_path / "file")
        secrets = {"DATABASE_CONN_STRINGS": "a,postgres://h/d,POSTGRES"}
        runs: dict[str, list[list[str]]] = {
            "verify": [["told", "--restore"], ["sensors"]],
            "drill": [["told"], ["told", "--wait"]],
            "keep": [["told", "--note", "why", "--until", "2999-12-31"]],
            "list": [["told"]],
            "status": [[]],
            "run": [["told", "--keep", "--note", "why"]],
            "restore": [
                ["told", "--to", target, "--create", "--dry-run"],
                [
                    "told",
                    "--to",
                    stage.source(18, "SELECT 1").dsn,
                    "--table",
                    "public.t",
                    "--dry-run",
                ],
            ],
            "contents": [["told"]],
            "cost": [[]],
            "download": [
                ["told", "-o", file],
                ["told", "--table", "public.t", "-o", f"{file}.sql"],
            ],
            "prune": [["told", "--dry-run"]],
            "evidence": [["told"]],
            "unkeep": [["told", "--at", "latest"]],
            "failures": [[], ["--discard", "--foreign"]],
            "retry": [["--dry-run"]],
            "doctor": [["told"]],
        }
        for section, lines in runs.items():
            documents = [stage.run_cli(section, *line, "--json").document for line in lines]
            documents += MADE.get(section, ())
            check(section, *documents, maps=MAPS.get(section, ()))
        counts = [{"BACKUP_STORAGE_DATA": "a,1"}, {"BACKUP_STORAGE_DATA": "a,0"}]
        answers = [stage.run_cli("check", "--json", more={**secrets, **each}) for each in counts]
        check("check", *(each.document for each in answers))
        at = damaged.dump_key
        error = stage.run_cli("restore", "told", "--to", target, "--create", "--at", at, "--json")
        assert error.code == BackupDamaged.exit_code
        check("errors", error.document)
