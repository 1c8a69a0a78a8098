"""No dump, whoever has written it, has more wait in memory than there may."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from snapper.engines.facts import PLAINLY
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.loading import kept
from snapper.engines.postgresql.loading.kept import Kept
from snapper.engines.postgresql.trying.withheld import Withheld
from snapper.errors import RestoreFailed
from tests.support.databases import Source
from tests.support.engines import postgresql
from tests.support.manifests import manifest
from tests.support.restores import EMPTY

TOO_MUCH = r"more than 5000 bytes of the dump cannot be restored where they stand"
WAITS = {
    "for a function": b"CREATE VIEW public.v%d AS SELECT public.later();\n",
    "for the end": b"CREATE EVENT TRIGGER e%d ON ddl_command_end EXECUTE FUNCTION public.f();\n",
    "to be named": b"COMMENT ON TABLE public.t%d IS 'none';\n",
    "for rows": b"COPY public.t%d (n) FROM stdin;\n1\n\\.\n",
}


@pytest.fixture(autouse=True)
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few things wait."""
    monkeypatch.setattr(kept, "MOST", 5000)


@pytest.mark.parametrize("statement", WAITS.values(), ids=WAITS)
def test_what_waits_is_not_gathered_without_end(
    statement: bytes, source: Callable[..., Source], tools: ClientTools
) -> None:
    given: set[int] = set()

    class Endless:
        def __iter__(self) -> Iterator[bytes]:
            for number in count():
                given.add(number)
                yield statement % number

    with pytest.raises(RestoreFailed, match=TOO_MUCH) as failed:
        postgresql(tools).restore(Endless(), manifest(), source(17, EMPTY).dsn, PLAINLY)
    assert not failed.value.against_backup
    assert len(given) < 100


def test_nor_what_a_superuser_is_to_do() -> None:
    owners = (b"ALTER TABLE public.t%d OWNER TO app;\n" % number for number in range(100))
    with pytest.raises(RestoreFailed, match=TOO_MUCH):
        list(map(Withheld(), owners))


def test_a_long_reason_counts_too() -> None:
    waiting = Kept()
    waiting.add(b"short")
    with pytest.raises(RestoreFailed, match=TOO_MUCH):
        waiting.add(b"short", ValueError("x" * 5000))
