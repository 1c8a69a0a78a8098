"""Where each database lies, and what a change of one of them touches."""

from dataclasses import replace

from snapper.values.layout import Layout, lay_out
from snapper.values.options import Options
from snapper.values.secrets import Database

ROOT = "/snapper/prod"
DATABASES = tuple(
    Database(f"database-{n:03}", f"host=h user=u password=secret-{n}", 7) for n in range(300)
)


def values(layout: Layout) -> dict[str, str]:
    return {each.path: each.value for each in (*layout.texts, *layout.table)}


def changed(databases: tuple[Database, ...]) -> list[str]:
    before, after = values(lay_out(ROOT, DATABASES)), values(lay_out(ROOT, databases))
    return sorted(path for path in before | after if before.get(path) != after.get(path))


def with_one(**fields: object) -> tuple[Database, ...]:
    return (replace(DATABASES[0], **fields), *DATABASES[1:])  # type: ignore[arg-type]  # of any field


def test_a_rotated_password_changes_one_piece_and_not_the_table() -> None:
    assert changed(with_one(connection="host=h user=u password=another")) == [
        f"{ROOT}/DATABASE_CONN_STRINGS/_5"
    ]


def test_another_count_changes_the_table_alone() -> None:
    assert {path.rsplit("/", 1)[0] for path in changed(with_one(retention=8))} == {
        f"{ROOT}/DATABASES"
    }


def test_options_are_a_plain_parameter_and_a_word_in_the_table() -> None:
    databases = with_one(options=Options(timeout=600))
    layout = lay_out(ROOT, databases)
    (options,) = (each for each in layout.texts if not each.secret)
    assert (options.path, options.name) == (f"{ROOT}/OPTIONS/_0", "options-0")
    assert options.value == '{"database-000":"{\\"timeout\\": 600}"}'
    assert "|database-000,7,POSTGRES,options,c5,o0|" in layout.table[0].value


def test_what_holds_a_connection_is_secret_and_not_shown() -> None:
    layout = lay_out(ROOT, DATABASES)
    assert all(each.secret for each in (*layout.texts, *layout.table))
    assert "secret-1" not in repr(layout)


def test_every_parameter_has_a_name_of_its_own() -> None:
    long = Database("connections-1", "x" * 2000, 7, options=Options(assertions=("x" * 2000,)))
    layout = lay_out(ROOT, (*DATABASES, long))
    names = [each.name for each in (*layout.texts, *layout.table)]
    assert len(set(names)) == len(names)
    assert {"connections-1-connection", "connections-1-options"} < set(names)
