"""Writes docs/options.md from the definitions of the options: `python -m bin.options_page`."""

from collections.abc import Iterator
from pathlib import Path

from snapper.values.option import Names, Option, Queries
from snapper.values.options import SETTING, definitions
from snapper.values.recipients import PublicKeys

PAGE = Path(__file__).parents[1] / "docs" / "options.md"

_ABOUT = f"""\
# Options of single databases

Written by `python -m bin.options_page` from `snapper/values/options.py`.

Every setting of a stage holds for all its databases. What shall differ for one stands under
`snapper:{SETTING}` in the stack's config, by the database's key, and is no secret:

```yaml
# Pulumi.prod.yaml
config:
  snapper:{SETTING}:
    ORDERS:
      schedule: rate(1 hour)
      maxAgeHours: 3
      excludeTables: [public.sessions]
    EVENTS:
      excludeTableData: [public.events]
```

The same from a shell, one value at a time, and a list item by item:

```bash
pulumi config set --path 'snapper:{SETTING}.ORDERS.schedule' 'rate(1 hour)'
pulumi config set --path 'snapper:{SETTING}.ORDERS.excludeTables[0]' public.sessions
```

A key with a dot in it stands in brackets: `'snapper:{SETTING}["my.orders"].schedule'`.

`pulumi up` checks all of it and shows every fault at once. A database without options is backed up
as the stage's settings say. What an option leaves out of a backup is recorded with it: `list` and
`status` show it. `doctor` tells of names that are not there, and of what a restore would miss.

Names of schemas and tables are exact: no letter is folded, and there are no patterns. A name with a
dot, a star or a question mark stands in double quotes, as in `public."odd.name"`.

| option | value | without it |
|---|---|---|
"""


def page() -> str:
    """Give the whole page."""
    rows = "".join(
        f"| [`{name}`](#{name.lower()}) | {each.kind.words} | {each.unset} |\n"
        for name, each in definitions()
    )
    return _ABOUT + rows + "".join(_section(name, each) for name, each in definitions())


def _section(name: str, each: Option) -> str:
    return "\n".join(_lines(name, each))


def _lines(name: str, each: Option) -> Iterator[str]:
    yield f"\n## {name}\n"
    yield f"{each.description}.\n"
    yield f"```yaml\n{name}:{_example(each)}\n```\n"


def _example(each: Option) -> str:
    if isinstance(each.kind, Queries):  # SQL has commas, which part a list in brackets
        return f"\n  - {each.kind.example}"
    return (
        f" [{each.kind.example}]"
        if isinstance(each.kind, Names | PublicKeys)
        else f" {each.kind.example}"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
