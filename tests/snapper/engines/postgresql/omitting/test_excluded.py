"""Names of what is left out are exact: nothing in them is a pattern, and no letter is folded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.engines.postgresql.omitting.excluded import (
    NameInvalid,
    Table,
    faults,
    schema_of,
    table_of,
)
from snapper.values.options import Options


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_name_can_be_written_in_double_quotes(schema: str, name: str) -> None:
    table = Table(schema, name)
    assert table_of(str(table)) == table


@pytest.mark.parametrize(
    "text", ["orders", "a.b.c", "a.", ".a", "a..b", '"a', 'a"b".c', "a.b*", "?.b"]
)
def test_what_names_no_one_table_is_refused(text: str) -> None:
    with pytest.raises(NameInvalid):
        table_of(text)


@pytest.mark.parametrize("text", ["a.b", "tmp_*", '"a"b', '""'])
def test_what_names_no_one_schema_is_refused(text: str) -> None:
    with pytest.raises(NameInvalid):
        schema_of(text)


def test_every_name_that_is_none_is_told_with_its_option() -> None:
    told = list(faults(Options(exclude_schemas=("a*", "b"), exclude_table_data=("events",))))
    assert [each.split(" ", 1)[0] for each in told] == ["excludeSchemas", "excludeTableData"]
