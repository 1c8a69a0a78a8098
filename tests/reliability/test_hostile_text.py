"""Names and texts that mean harm to a terminal are shown, and do nothing to it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from snapper.machine.children import ROOT
from tests.support.backed_up import backed_up
from tests.support.cloud import LONGEST
from tests.support.faults import faulted
from tests.support.few import few
from tests.support.hostile_text import ATTACKS, EVERYTHING, harm
from tests.support.stage import StageUnderTest
from tests.support.terminal import on_a_terminal

PIPED = "hostile text: names in a pipe"
SHOWN = "hostile text: names on a terminal"

EVERY_WAY = """\
import sys, time
from snapper.cli import render
from snapper.cli.lines import warn
from snapper.cli.outcome import reporting
from snapper.cli.progress import Progress
from snapper.cli.streams import open_streams, write_document
from snapper.cli.transfer import transfer
from snapper.errors import SnapperError
import typer

name = {name!r}
open_streams()
with reporting(as_json=False) as result:
    print("print", name.replace("\\n", ""))
    sys.stderr.write(f"write {{name}}\\n".replace("\\n", "", 1) + "\\n")
    typer.echo(f"echo {{name}}".replace("\\n", ""))
    render.say(f"say {{name}}")
    render.remark(f"remark {{name}}")
    warn(f"warning of {{name}}")
    fixed = render.with_fixes(name, name)
    render.table(("name", "state"), [(name, f"DAMAGED: {{name}}"), ("b", fixed)])
    render.say(fixed)
    with Progress() as progress:
        progress(f"step {{name}}")
        warn(f"meanwhile {{name}}")
        print("meanwhile", name.replace("\\n", ""), file=sys.stderr)
        time.sleep(0.3)
        progress.result(f"result {{name}}")
        progress("no more")
    with transfer(f"file {{name}}", 10) as told:
        print("meanwhile", name.replace("\\n", ""), file=sys.stderr)
        told(10)
    write_document({{"name": name}})
    error = SnapperError(f"error {{name}}", hint=f"hint {{name}}")
    error.add_note(f"note {{name}}")
    raise error
sys.exit(result.code)
"""


@pytest.mark.parametrize("attack", few(ATTACKS, 3))
def test_every_way_to_say_something_in_a_pipe(attack: str) -> None:
    with faulted(PIPED):
        done = subprocess.run(
            [sys.executable, "-c", EVERY_WAY.format(name=ATTACKS[attack])],
            cwd=ROOT,
            env={**os.environ, "FORCE_COLOR": "", "PYTHONUTF8": "1"},
            capture_output=True,
            timeout=LONGEST,
        )
        assert done.returncode == 1, done.stderr.decode()
        assert not harm(done.stdout.decode())
        assert not harm(done.stderr.decode())
        document = done.stdout.decode().splitlines()[-1]
        assert json.loads(document) == {"name": ATTACKS[attack]}
        for word in ("step", "result", "meanwhile", "error", "hint", "note", "warning of"):
            assert f"{word} ".encode() in done.stderr


@pytest.mark.parametrize("attack", few(ATTACKS, 3))
def test_every_way_to_say_something_on_a_terminal(attack: str) -> None:
    with faulted(SHOWN):
        shown = on_a_terminal(
            environment={"PYTHONUTF8": "1", "COLUMNS": "300"},
            command=[sys.executable, "-c", EVERY_WAY.format(name=ATTACKS[attack])],
        )
        assert shown.code == 1, shown.text
        raw = shown.raw.decode()
        assert not harm(raw, terminal=True)
        assert "\x1b[1;31merror:\x1b[0m" in raw  # ours are there
        assert "\x1b[1;31mDAMAGED\x1b[0m" in raw
        assert "\x1b]" not in raw
        assert "\x1b[1;32m" not in raw


Commands = Callable[..., None]


@pytest.fixture
def unharmed(stage: StageUnderTest) -> Commands:
    """Run a command in a pipe and on a terminal, and with --json; none does harm."""

    def run(*arguments: str, json_too: bool = True) -> None:
        for more in ((), ("--json",)) if json_too else ((),):
            with faulted(PIPED):
                ran = stage.run_cli(*arguments, *more)
                assert not harm(ran.out)
                assert not harm(ran.err)
                assert "Traceback" not in ran.err
                assert not more or ran.document
            with faulted(SHOWN):
                shown = on_a_terminal(*arguments, *more, environment=stage.environment())
                assert not harm(shown.raw.decode(), terminal=True)

    return run


@pytest.mark.long
def test_what_is_typed_after_a_command(unharmed: Commands) -> None:
    unharmed("list", EVERYTHING)
    unharmed("list", "--stage", EVERYTHING)
    unharmed(EVERYTHING, json_too=False)
    unharmed("list", f"--{EVERYTHING}", json_too=False)
    unharmed("restore", "shop", "--at", EVERYTHING, "--to", "dbname=x")
    unharmed("restore", "shop", "--to", f"postgres://{EVERYTHING}@127.0.0.1:1/x")


@pytest.mark.long
def test_foreign_folders_and_manifests_of_the_bucket(
    stage: StageUnderTest, unharmed: Commands
) -> None:
    with backed_up(stage, "written") as (_, manifest):
        # The emulator lists no versions of keys that XML cannot hold.
        folder = re.sub("[\x00-\x08\x0b-\x1f/]", "", EVERYTHING)
        stamp = manifest.key.partition("/")[2]
        planted = [f"{folder}/{stamp}", f"written/{folder}", f"{folder}.sql.gz"]
        for key in planted:
            stage.vault.put(key, b"{}")
        document = json.loads(manifest.to_json())
        texts = {name: EVERYTHING for name, value in document.items() if isinstance(value, str)}
        try:
            for name, text in texts.items():
                changed = json.dumps({**document, name: text}).encode()
                stage.vault.put(manifest.key, changed)
                unharmed("list", "written")
            unharmed("verify", "written")
            unharmed("status")
            unharmed("verify")
            unharmed("prune", "written", "--dry-run")
        finally:
            for key in planted:
                stage.vault.delete(key)


@pytest.mark.long
def test_dead_letters(stage: StageUnderTest, unharmed: Commands) -> None:
    job = {"database": EVERYTHING, "scheduled_at": datetime.now(UTC).isoformat()}
    bodies = (job, {"id": EVERYTHING, "time": EVERYTHING}, EVERYTHING, {EVERYTHING: EVERYTHING})
    for body in map(json.dumps, bodies):
        stage.post_dead_letter(body)
    try:
        unharmed("failures")
        unharmed("status")
    finally:
        stage.settle()


@pytest.mark.long
def test_the_names_of_tables_and_roles_in_a_servers_words(
    stage: StageUnderTest, unharmed: Commands, tmp_path: Path
) -> None:
    name = EVERYTHING.replace("'", "")[:30]
    make = f'CREATE TABLE "{name}" AS SELECT 1 AS n'
    with backed_up(stage, "evilnames") as (source, _):
        comment = EVERYTHING.replace("'", "")
        source.run(f"{make}; COMMENT ON TABLE \"{name}\" IS '{comment}'")
        later = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
        stage.back_up("evilnames", later)
        target = stage.source(18, make)
        unharmed("restore", "evilnames", "--to", target.dsn, "--force")
        unharmed("restore", "evilnames", "--to", target.dsn, "--dry-run", "--force")
        unharmed("doctor", "evilnames")
        unharmed("contents", "evilnames")
        unharmed("diff", "evilnames")
        unharmed("verify", "evilnames", "--restore")
        unharmed("evidence", "evilnames")
