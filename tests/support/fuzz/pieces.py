"""Two secrets put together from pieces that mean something, which a fuzzer finds too rarely."""

from collections.abc import Callable

PIECES = (
    "a", "b", "orders", "PROD_DB", "ä", "", " ", "\n", "\t", ",", "|", ",POSTGRES", ",POSTGRES|",
    ",postgres|", " , Postgres | ", ",MYSQL|", ",MONGO", ",POSTGRE|", "postgresql://", "postgres://",
    "u:p@h/d", "u:p,w|x@h/d", "u:p%40ss@h:5432/d", "u:p@ss@h/d", "u:p/w@h/d", "@", ":", "/", "%",
    "%40", "%00", "%zz", "[::1]", "[", "]", "?sslmode=require", "?password=q", "&", "=", "?",
    "host=h ", "host = h", "user=u ", "password=x ", "password='a\\'b,c|d' ", "dbname=d", "port=1",
    "port=x", "sslpassword=s", "service=s", "options='-c a=b'", "'", '"', "\\", "{{ssm:x}}", "\0",
    "\ufeff", "\u2028", "\ud800", "🐘", "h1:1,h2:2", "/var/run", "1", "0", "7", "-1", "999999",
    "1000000", "٣", "1e3", "a,1", "b,2|", "|a,1", "a,postgresql://u:p@h/d,POSTGRES",
    "a,host=h password=p,POSTGRES|",
)  # fmt: skip


def compose(draw: Callable[[int], int]) -> tuple[str, str]:
    """Make two secrets; `draw` gives a number from 0 to its argument.

    Half of them are built as rows with a few pieces let in, so that many are accepted.
    """
    if draw(1):
        return _pieces(draw, 12), _pieces(draw, 5)
    keys = [PIECES[draw(3)] for _ in range(1 + draw(2))]
    rows = [f"{_space(draw)}{key}{_space(draw)},{_connection(draw)},POSTGRES" for key in keys]
    counts = [f"{key},{('last=', 'daily=', '')[draw(2)]}{1 + draw(20)}" for key in keys]
    return _damaged(draw, "|".join(rows)), _damaged(draw, "|".join(counts))


def _connection(draw: Callable[[int], int]) -> str:
    password = _pieces(draw, 2)
    return (
        f"postgresql://u:{password}@h/d",
        f"host=h user=u password='{password}'",
        f"postgresql://h/{password}?sslmode=require",
        f"host=h dbname={password}",
    )[draw(3)]


def _damaged(draw: Callable[[int], int], text: str) -> str:
    if draw(3):
        return text
    at = draw(len(text))
    return text[:at] + PIECES[draw(len(PIECES) - 1)] + text[at + draw(2) :]


def _space(draw: Callable[[int], int]) -> str:
    return ("", "", "", " ", "\n")[draw(4)]


def _pieces(draw: Callable[[int], int], most: int) -> str:
    return "".join(PIECES[draw(len(PIECES) - 1)] for _ in range(draw(most)))
