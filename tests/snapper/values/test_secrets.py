"""The two secrets are read as issue 2 says, and told of all their faults at once."""

import pytest

from snapper.engines.checks import connection_checks
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.errors import SecretsInvalid
from snapper.values.secrets import Database, parse_secrets

CHECKS = connection_checks()


URI = "postgresql://reader:hush@db.example/orders"


def one(connection: str) -> Database:
    (database,) = parse_secrets(f"orders,{connection},POSTGRES", "orders,7", CHECKS)
    return database


def faults(connections: str, retentions: str = "orders,7") -> tuple[str, ...]:
    with pytest.raises(SecretsInvalid) as refused:
        parse_secrets(connections, retentions, CHECKS)
    return refused.value.faults


def test_the_rows_of_the_original_are_read_unchanged() -> None:
    assert parse_secrets(
        f"PROD_DB,{URI},POSTGRES|STAGE_DB,postgresql://u:p@h:5433/d,POSTGRES",
        "PROD_DB,7|STAGE_DB,3",
        CHECKS,
    ) == (
        Database("PROD_DB", URI, 7),
        Database("STAGE_DB", "postgresql://u:p@h:5433/d", 3),
    )


@pytest.mark.parametrize(
    ("connections", "retentions"),
    [
        (f" orders , {URI} , POSTGRES ", " orders , 7 "),
        (f"orders,{URI},POSTGRES|", "orders,7|"),
        (f"orders,{URI},POSTGRES | \n", "orders,7\n|\n"),
        (f"orders,{URI},postgres", "orders,007"),
        (f"\n  orders,{URI},Postgres |", "\n\torders,\n7"),
    ],
)
def test_spaces_lines_case_and_a_trailing_bar_are_forgiven(
    connections: str, retentions: str
) -> None:
    assert parse_secrets(connections, retentions, CHECKS) == (Database("orders", URI, 7),)


def test_rows_may_stand_on_lines_of_their_own() -> None:
    read = parse_secrets(f"a,{URI},POSTGRES|\nb,{URI},POSTGRES|\n", "a,1|\nb,2|\n", CHECKS)
    assert [(database.key, database.retention) for database in read] == [("a", 1), ("b", 2)]


@pytest.mark.parametrize(
    "password",
    ["p,w", "p|w", ",", "|", ",|,", "a,b|c,d", "POSTGRES", "x,POSTGRES", "100%25", "a|b,c=d"],
)
def test_separators_within_a_password_are_part_of_it(password: str) -> None:
    database = one(f"postgresql://reader:{password}@db.example/orders")
    assert Connection.parse(database.connection).password == password.replace("%25", "%")


@pytest.mark.parametrize(
    ("connection", "parameters"),
    [
        ("postgres://h/d", {"host": "h", "dbname": "d"}),
        ("postgresql://h/d", {"host": "h", "dbname": "d"}),
        ("postgresql://h", {"host": "h"}),
        ("postgresql://u@h/d", {"user": "u", "host": "h", "dbname": "d"}),
        ("postgresql://[2001:db8::1]:5433/d", {"host": "2001:db8::1", "port": "5433"}),
        ("postgresql://a:1,b:2/d", {"host": "a,b", "port": "1,2"}),
        ("postgresql://%2Fvar%2Frun/d", {"host": "/var/run"}),
        (
            "postgresql://h/d?sslmode=require&channel_binding=require",
            {"dbname": "d", "sslmode": "require", "channel_binding": "require"},
        ),
        ("postgresql://h/d%20e%26f%3Bg", {"dbname": "d e&f;g"}),
        ("host=h dbname=d user='a b'", {"host": "h", "dbname": "d", "user": "a b"}),
        ("host = h port=5433", {"host": "h", "port": "5433"}),
        ("dbname='it\\'s'", {"dbname": "it's"}),
    ],
)
def test_whatever_libpq_reads_is_read(connection: str, parameters: dict[str, str]) -> None:
    read = Connection.parse(one(connection).connection).parameters
    assert {name: read.get(name) for name in parameters} == parameters


def test_a_percent_encoded_password_is_decoded_once() -> None:
    assert Connection.parse(one("postgresql://u:p%40ss%2525@h/d").connection).password == "p@ss%25"


@pytest.mark.parametrize("kind", ["MYSQL", "mongo", "MySQL"])
def test_a_type_of_the_original_is_not_supported_yet(kind: str) -> None:
    (fault,) = faults(f"orders,postgresql://h/d,{kind}")
    assert "row 1 (orders)" in fault
    assert f"type {kind.upper()} is not supported yet" in fault


@pytest.mark.parametrize(
    "count", ["", "0", "-1", "2.5", "seven", "1e3", "+3", "NaN", "٣", "1000000", "0x2", "1 2"]
)
def test_a_count_that_is_no_whole_number_of_at_least_1_is_refused(count: str) -> None:
    (fault,) = faults(f"orders,{URI},POSTGRES", f"orders,{count}")
    assert "BACKUP_STORAGE_DATA row 1 (orders) must keep a whole number of backups" in fault


@pytest.mark.parametrize(
    "key", ["", "a/b", "a b", ".a", "-a", "_a", "ä", "a" * 65, "../x", "a\nb", "a%", "a*"]
)
def test_a_key_that_is_no_safe_prefix_is_refused_unnamed(key: str) -> None:
    told = faults(f"{key},{URI},POSTGRES", f"{key},7")
    assert len(told) == 2
    assert all("row 1 must begin with a key" in fault for fault in told)


@pytest.mark.parametrize("key", ["a", "A9", "a" * 64, "a.b-c_d", "0"])
def test_a_key_of_letters_digits_and_three_marks_is_taken(key: str) -> None:
    assert parse_secrets(f"{key},{URI},POSTGRES", f"{key},1", CHECKS)[0].key == key


def test_keys_that_differ_in_case_are_two_databases() -> None:
    assert len(parse_secrets(f"a,{URI},POSTGRES|A,{URI},POSTGRES", "a,1|A,2", CHECKS)) == 2


def test_duplicate_keys_are_refused_in_both_secrets() -> None:
    told = faults(f"a,{URI},POSTGRES|a,{URI},POSTGRES", "a,1|a,1")
    assert [fault.split(" names")[0] for fault in told] == [
        "DATABASE_CONN_STRINGS row 2 (a)",
        "BACKUP_STORAGE_DATA row 2 (a)",
    ]


def test_a_key_in_one_secret_alone_is_refused() -> None:
    assert faults(f"a,{URI},POSTGRES|b,{URI},POSTGRES", "b,1|c,1") == (
        "DATABASE_CONN_STRINGS row 1 (a) has no row in BACKUP_STORAGE_DATA",
        "BACKUP_STORAGE_DATA row 2 (c) has no row in DATABASE_CONN_STRINGS",
    )


@pytest.mark.parametrize("nothing", ["", " ", "\n"])
def test_empty_secrets_are_both_told(nothing: str) -> None:
    assert faults(nothing, nothing) == (
        "DATABASE_CONN_STRINGS is empty",
        "BACKUP_STORAGE_DATA is empty",
    )


@pytest.mark.parametrize("bars", ["|", "||", " | | "])
def test_bars_alone_are_refused(bars: str) -> None:
    assert len(faults(bars, bars)) >= 2


def test_an_empty_connection_is_refused() -> None:
    assert "row 1 (orders) has an empty connection" in faults("orders,,POSTGRES")[0]


def test_an_empty_row_in_the_middle_is_refused() -> None:
    assert faults(f"orders,{URI},POSTGRES||", "orders,7")
    assert faults(f"orders,{URI},POSTGRES", "orders,7||")


def test_all_faults_of_both_secrets_are_told_at_once() -> None:
    told = faults(
        f"a,{URI},MYSQL|b c,{URI},POSTGRES|d,postgresql://[,POSTGRES|e,{URI},POSTGRES|e,x,ORACLE",
        "a,0|d,1|f,1",
    )
    text = "\n".join(told)
    for piece in ["(a): type MYSQL", "row 2 must begin", "(d): libpq", "(e) names a key"]:
        assert piece in text
    for piece in ["(f) has no row", "(a) must keep", "(e) does not end with a known type"]:
        assert piece in text


@pytest.mark.parametrize(
    "between",
    ["|", ",|", ",POSTGRE|", ",ORACLE|", ",POSTGRES\n", ",POSTGRES ", ",POSTGRES;", "\n", ",", ""],
)
@pytest.mark.parametrize("key", ["b", "b!", ""])
@pytest.mark.parametrize("second", [URI, "host=h2 dbname=d2", "postgers://h2/d2", "dbname = d2"])
def test_two_rows_are_never_silently_read_as_one(between: str, key: str, second: str) -> None:
    row = f"{key},{second}" if key or between else f",{second}"
    assert faults(f"a,postgresql://h/d{between}{row},POSTGRES", "a,1")


def test_a_connection_that_no_parameter_holds_is_refused() -> None:
    (fault,) = faults(f"orders,postgresql://h/{'d' * 4096},POSTGRES")
    assert "more than 4096 bytes" in fault


def test_a_connection_that_parameter_store_would_resolve_is_refused() -> None:
    (fault,) = faults("orders,postgresql://u:{{ssm:x}}@h/d,POSTGRES")
    assert "Parameter Store refuses" in fault
    assert one("postgresql://u:%7B%7Bssm:x}}@h/d").key == "orders"


def test_the_other_secret_put_in_by_mistake_is_not_repeated() -> None:
    text = "orders,postgresql://u:top|secret,word|hush@db.example/orders,POSTGRES"
    told = "\n".join(faults(text, text))
    assert not [piece for piece in ("top", "secret", "word", "hush", "db.ex") if piece in told]


def test_a_secret_shows_itself_in_no_representation() -> None:
    assert "hush" not in repr(parse_secrets(f"orders,{URI},POSTGRES", "orders,7", CHECKS))
    assert "hush" not in repr(Connection.parse(URI))
