"""The server of a layer proves backups without anything that is not deployed."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bin.pg_dump.platforms import Platform
from bin.postgres_server.layer import fetch
from infra.package import function_entries
from snapper.aws.vault import Vault
from snapper.engines.facts import TrialOptions
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying import bundled, installed
from snapper.engines.postgresql.trying.lacking import Lacking
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.machine import python
from snapper.values.manifest import Manifest
from snapper.verbs.contents import read_contents
from snapper.verbs.restore import Dump
from tests.support.databases import Source

BackUp = Callable[[Source], Manifest]

HELD = """
    CREATE EXTENSION hstore; CREATE EXTENSION pgcrypto; CREATE EXTENSION citext;
    CREATE TABLE held AS SELECT hstore('a', n::text) AS h, crypt('x', gen_salt('md5')) AS c,
        'A'::citext AS t FROM generate_series(1, 7) AS n;
    CREATE EXTENSION postgres_fdw;
    CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '10.0.0.9');
    CREATE FOREIGN TABLE there (a int) SERVER away
"""

PAPERS = """
    CREATE TABLE papers (paper xml, more xml[] DEFAULT '{<none/>}');
    INSERT INTO papers VALUES ('<a title="b">c</a>', '{<d/>,<e/>}'), (NULL, NULL);
    CREATE INDEX papers_title ON papers (((xpath('/a/@title', paper))[1]::text));
    CREATE MATERIALIZED VIEW titles AS SELECT xpath('/a', paper) FROM papers
"""


@pytest.fixture(scope="session")
def layer(tools: ClientTools, run_dir: Path) -> ClientTools:
    """Give the clients and the server as their layers lie side by side in Lambda."""
    root = run_dir / "opt"
    root.mkdir()
    for each in tools.root.iterdir():
        (root / each.name).symlink_to(each)
    (root / bundled.SERVER).symlink_to(fetch(Platform.here()))
    return ClientTools(root)


@pytest.mark.parametrize("major", [pytest.param(14, marks=pytest.mark.long), 17])
def test_the_server_of_a_layer_proves_a_backup_of_any_major(
    major: int,
    source: Callable[..., Source],
    back_up: BackUp,
    vault: Vault,
    layer: ClientTools,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    manifest = back_up(source(major, HELD))
    for other in ("of_major", "for_trials"):
        monkeypatch.delattr(bundled, other)
    monkeypatch.setattr(installed, "PLACES", ("/usr/lib/postgresql/{major}",))
    found = try_restore(Dump(vault, manifest), manifest, layer)
    assert (found.tables, found.rows) == (1, 7)
    (remark,) = found.remarks
    assert remark == (
        "tried with Snapper's own stand-in, written in SQL, for the extension postgres_fdw"
    )


def test_rows_of_xml_are_proven_though_it_was_built_without(
    source: Callable[..., Source], back_up: BackUp, vault: Vault, layer: ClientTools
) -> None:
    manifest = back_up(source(18, PAPERS))
    options = TrialOptions(read_contents(vault, manifest))
    found = try_restore(Dump(vault, manifest), manifest, layer, options=options)
    assert found.proof is not None
    assert (found.tables, found.rows, found.proof.compared) == (1, 2, 1)
    assert found.proof.lacking is not None
    assert found.proof.lacking.refused == ("index papers_title on public.papers",)
    said = "\n".join(found.remarks)
    assert "restored but for what this PostgreSQL does not take: 1 index" in said
    assert "values of the type xml were taken as they are" in said
    assert "public.titles: it stays unfilled: XML is not supported" in said


def test_rows_that_it_cannot_take_for_want_of_xml_are_not_held_against_the_backup(
    source: Callable[..., Source], back_up: BackUp, vault: Vault, layer: ClientTools
) -> None:
    checked = "CREATE TABLE papers (paper xml CHECK (paper IS DOCUMENT))"
    manifest = back_up(source(18, f"{checked}; INSERT INTO papers VALUES ('<a/>')"))
    with pytest.raises(Lacking, match="XML is missing") as lacking:
        try_restore(Dump(vault, manifest), manifest, layer)
    assert not lacking.value.against_backup
    assert "verify KEY --restore" in lacking.value.hint


def test_the_major_of_a_server_is_told_by_its_own_files(layer: ClientTools) -> None:
    tree = bundled.of_layer(layer.root)
    assert tree is not None
    assert bundled.major_of(tree) == layer.majors()[-1]


def test_what_tries_a_backup_needs_nothing_that_is_not_deployed(tmp_path: Path) -> None:
    for entry in function_entries():
        place = tmp_path / entry.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(entry.content)
    done = subprocess.run(
        [
            *(sys.executable, "-I", "-c"),
            "import sys; sys.path.insert(0, sys.argv[1]);"
            " from snapper.engines.postgresql.trying import trial;"
            " assert trial.__file__.startswith(sys.argv[1]), trial.__file__;"
            " assert 'bin' not in sys.modules",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_python_that_is_a_library_is_found_where_the_system_does_not_know_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(python, "LIBRARIES", "")
    assert python.environment() == {}
    assert python.environment("/opt/lib") == {"LD_LIBRARY_PATH": "/opt/lib"}
    monkeypatch.setattr(python, "LIBRARIES", "/var/lang/lib")
    assert python.environment("/opt/lib") == {"LD_LIBRARY_PATH": "/opt/lib:/var/lang/lib"}
