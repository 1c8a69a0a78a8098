"""Backups that several pg_dumps make at once, of databases that are small."""

from dataclasses import replace

import pytest

from snapper.verbs import dumping
from snapper.verbs.dump import Dumper
from tests.support.banded import small_is_large

JOBS = 3

# Of the first two the rows hardly pack, so that several statements load them.
SPLIT = """
CREATE TABLE parents AS SELECT n AS id, md5(n::text) AS noise FROM generate_series(1, 25000) AS n;
CREATE TABLE children AS
    SELECT n AS id, n AS parent, sha256(n::text::bytea) AS hash FROM generate_series(1, 25000) AS n;
CREATE TABLE small AS SELECT n, 'a ''word''' || n AS word FROM generate_series(1, 100) AS n;
CREATE TABLE empty (a text);
CREATE SEQUENCE counting START 7;
ALTER TABLE parents ADD PRIMARY KEY (id);
ALTER TABLE children ADD PRIMARY KEY (id), ADD FOREIGN KEY (parent) REFERENCES parents;
CREATE INDEX ON children (hash);
SELECT nextval('counting'), lo_from_bytea(0, 'a large object');
"""


def part_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every database be dumped by several, and each table be parted behind some 40 kB."""
    small_is_large(monkeypatch)
    monkeypatch.setattr(dumping, "_PARTED", 40_000 * JOBS)


def by_several(dumper: Dumper, jobs: int = JOBS) -> Dumper:
    """Let a dumper use several programs."""
    return replace(dumper, jobs=lambda _: jobs)
