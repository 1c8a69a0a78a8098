"""README and docs are true: commands, options, settings, links, lines that need no Snapper."""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
import yaml

from snapper.cli import app
from snapper.cli.exit_codes import EXIT_CODES
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from tests.support.by_hand import ByHand
from tests.support.databases import Source

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
COMMON = {"--stage", "--profile", "--region", "--json", "--help"}


def commands() -> dict[str, str]:
    """Give what is told of each command, and what is said of all of them."""
    general, *parts = re.split(r"\n## ", DOCS["commands"])
    return {"": general, **{part.partition(":")[0]: part for part in parts}}


def options(command: str) -> set[str]:
    group = typer.main.get_command(app.app)
    found = group if not command else group.get_command(None, command)  # type: ignore[attr-defined]
    return {
        name for parameter in found.params for name in parameter.opts if name.startswith("--")
    } | {"--help"}


def test_every_command_has_a_section_and_no_other_has() -> None:
    assert list(commands())[1:] == list(app.COMMANDS)


@pytest.mark.parametrize("command", [each for each in app.COMMANDS if each != "demo"])
def test_every_option_of_a_command_is_told_and_no_other(command: str) -> None:
    told = set(re.findall(r"--[a-z][a-z-]+", commands()[command]))
    there = options(command)
    assert there - COMMON <= told
    others = {name for each in app.COMMANDS for name in options(each)}
    assert told & others <= there
    assert told <= there | {"--at"}


def test_the_options_of_all_commands_are_told_once() -> None:
    general = commands()[""]
    for option in COMMON:
        assert f"| `{option}" in general
    for option in options(""):
        assert option in general
    codes = re.findall(r"^\| ([\d, ]+) \| (.+) \|$", general, re.MULTILINE)
    assert dict(codes) == EXIT_CODES


def test_the_demos_options_are_told() -> None:
    start = README.split("\n## Quick start")[1].split("\n## ")[0]
    for option in options("demo") - {"--help"}:
        assert f"| `{option}" in start


def test_commands_in_code_exist() -> None:
    told = "\n".join((README, *DOCS.values()))
    for line in re.findall(r"^bin/snapper (.*)$", told, re.MULTILINE):
        name, *arguments = line.split("#")[0].split("|")[0].split()
        if name in options(""):
            continue
        assert name in app.COMMANDS
        for option in (each for each in arguments if each.startswith("--")):
            assert option in options(name)


def test_the_steps_to_deploy_name_the_region_and_keep_passwords_out_of_the_history() -> None:
    steps = README.split("\n## Deploy\n")[1].split("```")[1]
    lines = [line.partition("#")[0].strip() for line in steps.splitlines()]
    order = ["bin/snapper --version", "pulumi login", "pulumi stack init prod"]
    order += ['pulumi config set aws:region "$AWS_REGION"', "pulumi up --stack prod"]
    assert [line for line in lines if line in order] == order
    assert "postgresql://" not in steps


@pytest.fixture
def by_hand(
    server: Callable[[int], PostgresServer], tmp_path: Path
) -> Iterator[tuple[ByHand, Source]]:
    """Somebody without Snapper, and the database that its lines make."""
    made = server(17)
    yield ByHand(tmp_path, made), Source(made, "restored")
    Source(made, "postgres").run("DROP DATABASE IF EXISTS restored")


def store(hand: ByHand, sql: str, *, cut: int = 0) -> str:
    """Store a backup of which some bytes are lost, and give the lines that restore it."""
    lines = DOCS["restore-by-hand"].split("```")[1]
    (name,) = re.findall(r"^backup=(\S+)", lines, re.MULTILINE)
    body = gzip.compress(sql.encode())
    manifest = {"sha256": hashlib.sha256(body).hexdigest()}
    hand.store(f"{name}.sql.gz", body[: len(body) - cut])
    hand.store(f"{name}.manifest.json", json.dumps(manifest).encode())
    return lines.removeprefix("bash\n")


def test_a_backup_is_restored_by_the_lines_that_need_no_snapper(
    by_hand: tuple[ByHand, Source],
) -> None:
    hand, restored = by_hand
    assert hand.run(store(hand, "CREATE TABLE t AS SELECT 1 AS n;")) == 0
    assert restored.rows("SELECT n FROM t") == [(1,)]


def test_a_stream_that_is_cut_restores_nothing(by_hand: tuple[ByHand, Source]) -> None:
    hand, restored = by_hand
    assert hand.run(store(hand, "CREATE TABLE t AS SELECT 1;" * 100, cut=10)) != 0
    there = Source(restored.server, "postgres").rows(
        "SELECT datname FROM pg_database WHERE datname = 'restored'"
    )
    assert there == []


@pytest.mark.parametrize(
    "hostile",
    [
        "\\! touch witness\n",
        "\\unrestrict x\n\\! touch witness\n",
        "\\restrict x\n\n\\unrestrict x\n\\! touch witness\n",
        "CREATE TABLE t ();\n-- PostgreSQL database dump complete\n"
        "\\unrestrict x\n\\! touch witness\n",
    ],
)
def test_a_command_for_the_shell_in_a_forged_dump_is_not_run(
    by_hand: tuple[ByHand, Source], hostile: str
) -> None:
    hand, restored = by_hand
    assert hand.run(store(hand, hostile)) != 0
    assert not (hand.folder / "witness").exists()
    assert restored.rows("SELECT to_regclass('t')") == [(None,)]


def test_a_dump_with_its_own_restriction_is_restored(by_hand: tuple[ByHand, Source]) -> None:
    hand, restored = by_hand
    ending = "-- PostgreSQL database dump complete\n--\n\n\\unrestrict aB3\n\n"
    dump = f"--\n\n\\restrict aB3\n\nCREATE TABLE t AS SELECT 1 AS n;\n--\n{ending}"
    assert hand.run(store(hand, dump)) == 0
    assert restored.rows("SELECT n FROM t") == [(1,)]


def test_a_statement_that_fails_leaves_nothing(by_hand: tuple[ByHand, Source]) -> None:
    hand, restored = by_hand
    assert hand.run(store(hand, "CREATE TABLE t AS SELECT 1;\nSELECT 1/0;")) != 0
    assert restored.rows("SELECT to_regclass('t')") == [(None,)]


def settings_table() -> str:
    """Write the table of the settings as Pulumi.yaml declares them."""
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    rows = ["| name | default | meaning |", "|---|---|---|"]
    for name, entry in declared.items():
        secret = entry.get("secret", False)
        default = "secret" if secret else f"`{json.dumps(entry['default']).strip(chr(34))}`"
        meaning = entry["description"].replace("|", "\\|")
        rows.append(f"| `{name}` | {'empty' if default == '``' else default} | {meaning} |")
    return "\n".join(rows)


def test_the_settings_are_those_of_pulumi() -> None:
    assert between("settings", DOCS["settings"]) == settings_table()


def test_readme_names_every_command() -> None:
    rows = ["| command | |", "|---|---|"]
    rows += [f"| `{name}` | {words} |" for name, (_, words) in app.COMMANDS.items()]
    assert between("commands", README) == "\n".join(rows)


def between(name: str, text: str) -> str:
    """Give what stands between two comments of a page."""
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", text, re.DOTALL)
    assert found
    return found[1]


def anchors(page: Path) -> set[str]:
    """Give the names of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def test_every_link_leads_somewhere() -> None:
    lost = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            path, _, anchor = link.partition("#")
            if "://" in link:
                continue
            target = page.parent / path if path else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                lost.append(f"{page.name}: {link}")
    assert not lost
