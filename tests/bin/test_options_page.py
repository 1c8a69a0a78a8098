"""The page of the options is what their definitions say, and its examples are right."""

import re

import yaml

from bin.options_page import PAGE, page
from snapper.values.options import UNSET, Options, definitions


def test_the_page_is_as_the_definitions_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m bin.options_page"


def test_every_example_of_the_page_can_be_set() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", page(), re.DOTALL)
    whole, *single = [yaml.safe_load(block) for block in blocks]
    for options in (*whole["config"]["snapper:databases"].values(), *single):
        assert Options.read(options) != UNSET
    assert [name for each in single for name in each] == [name for name, _ in definitions()]
