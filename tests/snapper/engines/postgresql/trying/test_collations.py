"""A trial's server that lacks a collation has the nearest in its place, and says so."""

import gzip
from collections.abc import Callable
from dataclasses import replace

import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.dumping.pg_dump import END_MARKER
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from snapper.verbs.restore import Dump
from tests.support.databases import Source
from tests.support.few import few

BackUp = Callable[..., Manifest]

MADE = """
    CREATE COLLATION public.german (provider = icu, locale = 'de', rules = '&a < ''b''');
    CREATE COLLATION public.loose (provider = icu, deterministic = false, locale = 'und');
    CREATE COLLATION public.martian (locale = 'mars_MARS.utf8');
    CREATE TABLE public.sorted (s text COLLATE public.german, l text COLLATE public.loose);
    COPY public.sorted (s, l) FROM stdin;\nb\tA\n\\.\n
"""
USED = """
    CREATE DOMAIN public.word AS text COLLATE "pg_catalog"."de-x-icu";
    CREATE TYPE public.words AS RANGE (subtype = text, collation = "pg_catalog"."fr_CA.utf8");
    CREATE TABLE public.sorted (s text COLLATE pg_catalog."de-AT-x-icu" CHECK (s <> 'COLLATE "x'));
    COPY public.sorted (s) FROM stdin;\nb\n\\.\n
    CREATE INDEX i ON public.sorted USING btree (s COLLATE "sv-x-icu");
    CREATE VIEW public.seen AS SELECT s COLLATE "en_AU" AS s, s COLLATE "C" AS c FROM public.sorted;
"""
HAS_OWN = """
    CREATE COLLATION public.own (provider = libc, locale = 'C');
    CREATE TABLE public.sorted (s text COLLATE public.own, p text COLLATE pg_catalog."POSIX");
    COPY public.sorted (s, p) FROM stdin;\nb\tc\n\\.\n
"""
TWICE = """
    COPY public.sorted (s) FROM stdin;\nb\n\\.\n
    ALTER TABLE ONLY public.sorted ADD CONSTRAINT once UNIQUE (s);
"""


@pytest.fixture
def proven(
    source: Callable[..., Source], back_up: BackUp, vault: Vault, tools: ClientTools
) -> Callable[..., tuple[str, ...]]:
    """Try a backup of a major that holds this SQL too, and give the remarks."""

    def go(major: int, sql: str) -> tuple[str, ...]:
        manifest = back_up(source(major))
        plain = gzip.decompress(vault.read(manifest.dump_key))
        dump = plain.replace(END_MARKER, b"\n" + sql.encode() + b"\n" + END_MARKER)
        return try_restore([dump], manifest, tools).remarks

    return go


@pytest.mark.parametrize("major", [pytest.param(14, marks=pytest.mark.long), 18])
def test_collations_of_a_dumps_own_are_made_as_the_nearest(
    major: int, proven: Callable[..., tuple[str, ...]]
) -> None:
    (remark,) = proven(major, MADE)
    assert remark == (
        "texts are sorted in another order here, for the server has no collation"
        " public.german, public.loose, public.martian"
    )


@pytest.mark.parametrize("major", [pytest.param(14, marks=pytest.mark.long), 18])
def test_those_of_the_system_are_made_wherever_they_are_named(
    major: int, proven: Callable[..., tuple[str, ...]]
) -> None:
    (remark,) = proven(major, USED)
    assert remark.endswith("no collation de-x-icu, fr_CA.utf8, de-AT-x-icu, sv-x-icu, en_AU")


def test_what_the_server_has_stays_as_it_is(proven: Callable[..., tuple[str, ...]]) -> None:
    assert proven(18, HAS_OWN) == ()


@pytest.mark.parametrize(
    ("sql", "against"),
    few(
        [
            (USED + TWICE, True),
            (USED + "CREATE VIEW public.wrong AS SELECT nothing;", False),
            (
                MADE + "CREATE TABLE public.other (l text COLLATE public.loose);"
                "COPY public.other (l) FROM stdin;\nA\n\\.\nCREATE TABLE public.keys"
                " (l text COLLATE public.loose PRIMARY KEY);\nALTER TABLE public.other"
                " ADD CONSTRAINT f FOREIGN KEY (l) REFERENCES public.keys (l);",
                False,
            ),
        ],
        2,
    ),
    ids=["a key twice", "a view", "a key that is the same in the source's collation"],
)
def test_only_what_fails_in_any_collation_is_held_against_the_backup(
    sql: str, against: bool, proven: Callable[..., tuple[str, ...]]
) -> None:
    with pytest.raises(RestoreFailed) as failed:
        proven(18, sql)
    assert failed.value.against_backup is against


def test_a_database_is_in_unicode_where_its_locale_is_not_there(
    source: Callable[..., Source], back_up: BackUp, vault: Vault, tools: ClientTools
) -> None:
    made = source(17, "CREATE TABLE people (name text); INSERT INTO people VALUES ('Zo\u00eb')")
    manifest = back_up(made)
    locale = {**manifest.part["properties"]["locale"], "ctype": "fr_XX.utf8"}
    properties = {**manifest.part["properties"], "locale": locale}
    manifest = replace(manifest, part={**manifest.part, "properties": properties})
    (remark,) = try_restore(Dump(vault, manifest), manifest, tools).remarks
    assert "the database has C.UTF-8 of builtin" in remark
