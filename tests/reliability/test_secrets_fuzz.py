"""A million secrets: never a crash, never a silent misreading, never a secret in a message."""

import importlib.util
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapper.machine.children import ROOT
from snapper.values import secrets
from tests.support.faults import tried
from tests.support.fuzz.pieces import PIECES, compose
from tests.support.fuzz.rules import Misread, check
from tests.support.strategies import Written, connections, counts, keys

FAMILY = "secrets: fuzzed"
MILLION = 1_000_000


def check_random(number: int, seed: int, family: str = FAMILY) -> int:
    """Check so many composed secrets, the same ones for a seed; give how many were accepted."""
    generator = random.Random(seed)  # noqa: S311  a fuzzer's dice
    accepted = sum(check(*compose(lambda most: generator.randint(0, most))) for _ in range(number))
    tried(family, times=number)
    return accepted


@settings(max_examples=300)
@given(st.text(), st.text())
def test_any_text_is_read_by_the_rules(first: str, second: str) -> None:
    check(first, second)
    tried(FAMILY)


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
)
def test_texts_of_telling_pieces_are_read_by_the_rules(first: str, second: str) -> None:
    check(first, second)
    tried(FAMILY)


@settings(max_examples=300)
@given(
    st.lists(st.tuples(keys, connections, counts), min_size=1, max_size=4),
    st.data(),
)
def test_damaged_rows_are_read_by_the_rules(
    rows: list[tuple[str, Written, int]], data: st.DataObject
) -> None:
    first = "|".join(f"{key},{written.text},POSTGRES" for key, written, _ in rows)
    second = "|".join(f"{key},{count}" for key, _, count in rows)
    at = data.draw(st.integers(0, len(first)))
    until = data.draw(st.integers(at, min(at + 12, len(first))))
    check(first[:at] + data.draw(st.sampled_from(PIECES)) + first[until:], second)
    tried(FAMILY)


@pytest.mark.long
def test_twenty_thousand_composed_secrets_are_read_by_the_rules() -> None:
    accepted = check_random(20_000, seed=4)
    assert accepted > 1_000


@pytest.mark.parametrize(
    ("broken", "secret"),
    [
        (lambda text, _: text.split("|"), "a,postgresql://u:p|w@h/d,POSTGRES"),
        (lambda text, _: [text.replace("p", "q")], "a,postgresql://u:p@h/d,POSTGRES"),
        (lambda text, _: [text, text], "a,postgresql://u:p@h/d,POSTGRES"),
        (lambda text, _: [text[:-20]], "a,host=h,POSTGRES|b,host=i,POSTGRES"),
    ],
)
def test_the_rules_see_a_parser_that_is_broken(
    broken: object, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "_split_connections", broken)
    with pytest.raises((Misread, AssertionError)):
        assert check(secret, "a,1")


@pytest.mark.long
def test_a_million_secrets_are_read_by_the_rules(tmp_path: Path) -> None:
    """By atheris, which looks where the code branches; where it is not to be had, by dice."""
    if importlib.util.find_spec("atheris") is None:
        # Named in the table that every run ends with: a print would be seen by nobody.
        without = f"{FAMILY} by dice: no atheris for this platform or Python"
        assert check_random(MILLION, seed=1, family=without) > MILLION // 20
        return
    command = [
        sys.executable,
        "-m",
        "tests.support.fuzz.secrets_target",
        f"-runs={MILLION}",
        "-seed=1",
    ]
    command += ["-max_len=400", "-len_control=0", f"-artifact_prefix={tmp_path}/"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert runs is not None
    assert int(runs[1]) >= MILLION
    tallies = re.findall(r"tally: \d+ inputs, (\d+) accepted", done.stdout)
    assert int(tallies[-1]) > 1_000
    tried(FAMILY, times=int(runs[1]))
