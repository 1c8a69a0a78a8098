"""What other drivers know and libpq does not is named, with what to write; no secret is."""

import pytest

from snapper.engines.postgresql.conninfo.faults import faults
from snapper.engines.postgresql.conninfo.other_drivers import other_drivers
from snapper.engines.postgresql.conninfo.reachable import unusable

U = "postgresql://u:hush@db.example.com/d"


@pytest.mark.parametrize(
    ("text", "named", "instead"),
    [
        (f"{U}?schema=public", "schema", "every schema is backed up"),  # Prisma
        (f"{U}?sslmode=require&connection_limit=5", "connection_limit", "for a pool"),
        (f"{U}?pgbouncer=true", "pgbouncer", "the server's own host"),
        (f"{U}?sslaccept=strict", "sslaccept", "sslmode=verify-full"),
        (f"{U}?statement_cache_size=0", "statement_cache_size", "prepared statements"),
        (f"{U}?currentSchema=app", "currentSchema", "every schema is backed up"),  # JDBC
        (f"{U}?ApplicationName=x", "ApplicationName", "write application_name"),
        (f"{U}?ssl=require", "ssl", "write sslmode=require"),  # asyncpg
        (f"{U}?prepared_statement_cache_size=0", "prepared_statement_cache_size", "prepared"),
        (f"{U}?uselibpqcompat=true", "uselibpqcompat", "for the driver"),  # Node
        (f"{U}?conn_max_age=60", "conn_max_age", "for a pool"),  # Django
        (f"{U}?pool=5", "pool", "for a pool"),  # Rails
        (f"{U}?pool_max_conns=5", "pool_max_conns", "for a pool"),  # pgx
        (f"{U}?serverVersion=16&charset=utf8", "charset", "client_encoding"),  # Doctrine
        ("host=h username=u pass=hush", "username", "write user"),
        ("host=h user=u pwd=hush database=d", "database", "write dbname"),
        (f"{U}?somebodys_own=1", "somebodys_own", "leave it out"),
    ],
)
def test_a_parameter_of_another_driver_is_named_with_what_to_write(
    text: str, named: str, instead: str
) -> None:
    (fault,) = unusable(text, from_here=False)
    assert f" {named} (" in fault.partition("libpq does not know:")[2]
    assert instead in fault
    assert "hush" not in fault


def test_all_of_them_are_named_at_once() -> None:
    (fault,) = faults(f"{U}?schema=public&sslmode=require&pgbouncer=true&pool_timeout=3")
    assert [name in fault for name in ("schema", "pgbouncer", "pool_timeout")] == [True] * 3
    assert "sslmode" not in fault


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("jdbc:postgresql://h:5432/d?user=u&password=hush&ssl=true", "without jdbc:"),
        ("jdbc:postgresql://h/d", "user and password stand before the host"),
        ("postgresql+asyncpg://u:hush@h/d", "without + and the driver"),
        ("postgres+psycopg2://u:hush@h/d", "without + and the driver"),
        ("postgis://u:hush@h/d", "begin with postgresql://"),
        ("prisma://accelerate.example/?api_key=hush", "the database's own"),
        ("prisma+postgres://accelerate.example/?api_key=hush", "the database's own"),
        ("mysql://u:hush@h/d", "another kind of database"),
        ("Host=h;Port=5432;Username=u;Password=hush;Database=d", "with spaces between"),
        ("Server=h;User Id=u;Password=hush;", "with spaces between"),
        ("Driver={PostgreSQL};Server=h;Uid=u;Pwd=hush;", "with spaces between"),
        ("Database=d;Host=h;Password=hush", "with spaces between"),
        ("Include Error Detail=true;Host=h;Password=hush", "with spaces between"),
        ("pgsql:host=h;port=5432;dbname=d;user=u;password=hush", "PHP's PDO"),
        ("DBI:Pg:dbname=d;host=h;password=hush", "Perl's DBI"),
        ("r2dbc:pool:postgresql://u:hush@h/d", "begin with postgresql://, without jdbc:"),
        ("ecto://u:hush@h/d", "another driver's"),
        ("PGPASSWORD=hush psql -h h -U u d", "it is a command"),
        ("DATABASES = {'default': {'PASSWORD': 'hush'}}", "of Django"),
        ("postgresql://u:hush@h/d?x-migrations-table=t", "x-migrations-table (leave it out)"),
        ("{'ENGINE': 'django.db.backends.postgresql', 'PASSWORD': 'hush'}", "of Django"),
        ("DATABASE_URL=postgresql://u:hush@h/d", "a variable's name"),
        ('"postgresql://u:hush@h/d"', "in quotes"),
        ("psql 'postgresql://u:hush@h/d'", "without psql"),
    ],
)
def test_the_form_of_another_driver_is_told_with_what_to_write(text: str, instead: str) -> None:
    (fault,) = faults(text)
    assert instead in fault
    assert "hush" not in fault


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://h/d?user=u&password=pa&hush=1",
        "postgresql://u:pa?hush=1@h/d&x",
        "postgresql://u:pass?hush=word",
        "postgresql://u@h/d?password=pa&hush=1",
        "postgresql://u@h/d?Password=pa&hush=1",
        "postgresql://u@h/d?pwd=pa&hush=1",
        "postgresql://u@h/d?token=pa&hush=1",
        "postgresql://u:p@h/d?a=1&hush=@2",
        "host=h user=u password=pa hush=1",
        "postgresql://u:p@h/d?hush%00=1",
        f"postgresql://u:p@h/d?{'hush' * 20}=1",
    ],
)
def test_a_name_that_may_be_a_piece_of_the_password_is_not_told(text: str) -> None:
    assert "hush" not in other_drivers(text)
    assert "hush" not in "".join(faults(text))


@pytest.mark.parametrize(
    "text", [U, f"{U}?ssl=true", f"{U}?sslmode=require", "host=h dbname=d user=u password=hush"]
)
def test_what_libpq_knows_is_nobody_elses(text: str) -> None:
    assert list(faults(text)) == []


@pytest.mark.parametrize(
    "value", ["Require", "REQUIRE", "required", "no-verify", "true", "VerifyFull", "verify_full"]
)
def test_an_sslmode_that_libpq_judges_only_at_connecting_is_refused_before(value: str) -> None:
    (fault,) = unusable(f"{U}?sslmode={value}", from_here=False)
    assert "this value of sslmode: write" in fault
