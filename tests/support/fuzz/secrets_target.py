"""`python -m fuzz.secrets_target -runs=1000000 -seed=1`: atheris against the secrets' parser.

Needs the package atheris, which is there for some platforms and Pythons only. What breaks a rule
is written to a file `crash-…` by libFuzzer, whose options these are.
"""

import sys

import atheris

with atheris.instrument_imports(include=["snapper.values", "fuzz.rules"]):
    from tests.support.fuzz.pieces import compose
    from tests.support.fuzz.rules import check


class Tally:
    """How many inputs there were, and how many of them were accepted as good secrets."""

    runs = accepted = 0


def one_input(data: bytes) -> None:
    """Make two secrets of the fuzzer's bytes: raw ones, or composed of pieces."""
    provider = atheris.FuzzedDataProvider(data)
    if provider.ConsumeIntInRange(0, 3) == 0:
        first = provider.ConsumeUnicode(200)
        secrets = first, provider.ConsumeUnicode(60)
    else:
        secrets = compose(lambda most: provider.ConsumeIntInRange(0, most))
    Tally.runs += 1
    Tally.accepted += check(*secrets)
    if Tally.runs % 100_000 == 0:
        print(f"tally: {Tally.runs} inputs, {Tally.accepted} accepted", flush=True)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
