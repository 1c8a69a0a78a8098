"""`snapper verify --chain`: whether anything was removed, replaced or forged, here or offline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from snapper.aws.newest import Newest
from snapper.cli import render
from snapper.cli.outcome import Outcome
from snapper.cli.source import ADDRESS, REPLICA
from snapper.cli.stage import Stage
from snapper.errors import AwsFailed, BackupDamaged, SettingsError, SnapperError
from snapper.sealing.signature import PublicKeys, read_pems
from snapper.values.chain_finding import ChainJudgement
from snapper.values.chain_judge import judge_chain
from snapper.values.chain_material import LONGEST, Export, Material
from snapper.verbs.chain_found import find_chain
from snapper.verbs.orphans import orphans
from snapper.verbs.private_file import new_private
from snapper.verbs.run import only
from snapper.verbs.trusted import Trusted, trusted_keys

ChainOption = Annotated[
    bool,
    typer.Option(
        "--chain", help="Read no backup, but see whether any was removed, replaced or forged."
    ),
]
ExportOption = Annotated[
    str,
    typer.Option(
        "--export", metavar="FILE", help="With --chain: write all that it takes into a file too."
    ),
]
PublicKeyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--public-key",
        metavar="PEM",
        help="With --chain: a file of the keys whose signatures count, instead of asking AWS.",
    ),
]


@dataclass(frozen=True)
class ChainAsked:
    """What was asked of a chain; raises SettingsError for what cannot be asked together."""

    chain: bool
    export: str
    source: str
    public_keys: Sequence[str]

    def __bool__(self) -> bool:
        """Tell whether a chain is to be judged."""
        if self.chain:
            return True
        if self.export or self.public_keys:
            raise SettingsError("--export and --public-key are for --chain", hint="add --chain")
        return False

    def check(self, beside: bool) -> None:
        """Refuse what contradicts it; `beside` is whether anything else was asked of verify."""
        if beside:
            raise SettingsError(
                "--chain reads no backup", hint="leave --at, --restore, --on and --accept out"
            )
        if self.source == REPLICA or self.source.startswith(ADDRESS):
            raise SettingsError(
                f"--chain cannot be judged from {self.source}: what was just stored may not be"
                " there yet, and would be taken for removed",
                hint="--chain --from FILE judges an export",
            )
        if self.source and self.export:
            raise SettingsError("--from reads an export, and --export writes one: choose one")
        if self.source and not self.public_keys:
            raise SettingsError(
                "--from needs --public-key",
                hint="who made the file may have put a key of their own into it: keep the stage's"
                " (aws kms get-public-key) where you keep what you trust",
            )


@dataclass(frozen=True)
class _Seen:
    """What came of one database."""

    database: str
    judgement: ChainJudgement | None = None
    error: SnapperError | None = None

    @property
    def code(self) -> int:
        if self.error:
            return self.error.exit_code
        if self.judgement and self.judgement.damaged:
            return BackupDamaged.exit_code
        return AwsFailed.exit_code if self.judgement and self.judgement.unchecked else 0

    def to_dict(self) -> dict[str, Any]:
        error = {"fact": str(self.error), "hint": self.error.hint} if self.error else None
        known = self.judgement.to_dict() if self.judgement else {"database": self.database}
        return {**known, "error": error}

    def rows(self) -> list[tuple[str, ...]]:
        if self.judgement is None:
            return [(self.database, "", "", "", "", f"NOT JUDGED: {self.error}")]
        found, seen = self.judgement.findings, self.judgement
        verdict = "whole" if not found else f"{len(found)} WRONG"
        if not (seen.signed or seen.newest or found):
            verdict = "nothing is signed yet"
        numbers = (seen.newest, seen.signed, seen.pruned, seen.unsigned)
        first = (self.database, *(f"{number:,}" for number in numbers), verdict)
        wrong = [(self.database, "", "", "", "", f"{e.kind.upper()}: {e.fact}") for e in found]
        return [first, *wrong]


def verify_chains(
    outcome: Outcome,
    asked: ChainAsked,
    keys: Sequence[str],
    stage: str,
    place: tuple[str | None, str | None],
    *,
    json: bool,
) -> None:
    """Judge chains and show what was found; `place` is the profile and the region."""
    given = [pem for name in asked.public_keys for pem in _pems(name)]
    left_over: list[str] = []
    if asked.source:
        export = Export.from_json(_text(asked.source), asked.source)
        stage, check = export.stage, PublicKeys(given)
        known = {each.database: each for each in export.chains}
        found = [_Seen(name, judge_chain(known[name], check)) for name in only(keys, sorted(known))]
    else:
        found, left_over = _online(asked, keys, stage, place, given)
    codes = {each.code for each in found}
    worst = (BackupDamaged.exit_code, AwsFailed.exit_code, *sorted(codes - {0}))
    outcome.code = next((code for code in worst if code in codes), 0)
    if json:
        chains = [each.to_dict() for each in found]
        render.document({"stage": stage, "chains": chains, "orphans": left_over})
        outcome.answered = True
        return
    headers = ("database", "newest", "signed", "pruned", "unsigned", "verdict")
    render.table(headers, [row for each in found for row in each.rows()], ("unsigned", "pruned"))
    for each in found:
        for remark in each.judgement.remarks if each.judgement else ():
            render.remark(f"{each.database}: {remark}")
    if left_over:
        names = ", ".join(left_over)
        render.remark(
            f"not looked at, for the stage does not have them: {names}; name one to do so"
        )


def _online(
    asked: ChainAsked,
    keys: Sequence[str],
    stage: str,
    place: tuple[str | None, str | None],
    given: Sequence[str],
) -> tuple[list[_Seen], list[str]]:
    opened = Stage.open(stage, *place)
    newest = Newest.connect(opened.service.parameter_root)
    key = opened.service.signing_key
    trusted = Trusted(tuple(given)) if given else trusted_keys(newest, key)
    if not (trusted.pems or trusted.unknown):
        raise SettingsError(
            f"the stage {stage} signs nothing, and never has",
            hint=f"pulumi config set tamperEvident true --stack {stage} && pulumi up"
            " (a key of AWS KMS costs $1 a month)",
        )
    own = opened.parameters.database_keys()
    databases = opened.databases(*keys) if keys else own
    left_over = [] if keys else [each.database for each in orphans(opened.vault, own)]
    material: list[Material] = []
    found: list[_Seen] = []
    for database in databases:
        try:
            one = find_chain(opened.vault, newest, database, key, trusted.unknown)
        except SnapperError as error:
            found.append(_Seen(database, error=error))
            continue
        material.append(one)
        found.append(_Seen(database, judge_chain(one, trusted.check)))
    if asked.export:
        now = datetime.now(UTC).replace(microsecond=0)
        _write(asked.export, Export(stage, now, key, trusted.pems, tuple(material)))
    return found, left_over


def _write(name: str, export: Export) -> None:
    """Write an export for this user alone: what is in manifests is not for everybody."""
    try:
        with new_private(Path(name)) as file:
            file.write(export.to_json().encode())
    except OSError as error:
        raise SettingsError(
            f"{name} cannot be written: {error.strerror}", hint="name one in a folder of yours"
        ) from None


def _text(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            return file.read(LONGEST + 1).decode()
    except OSError as error:
        raise SettingsError(
            f"{name} cannot be read: {error.strerror}", hint="name a file that is there"
        ) from None
    except ValueError:
        raise SettingsError(
            f"{name} is no text", hint="an export of a chain, and a key in PEM, are texts"
        ) from None


def _pems(name: str) -> list[str]:
    try:
        return read_pems(_text(name))
    except ValueError as fault:
        raise SettingsError(
            f"{name} {fault}", hint="what is wanted is one on P-256, as AWS KMS gives it, in PEM"
        ) from None
