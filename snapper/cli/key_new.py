"""`snapper key new`: a key of one's own, with all that is needed to use it one day."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import typer

from snapper.cli import render
from snapper.cli.identities import NO_TEXT
from snapper.cli.stage import Stage as Opened
from snapper.errors import SettingsError
from snapper.values import kit as names
from snapper.values.kit import Kit, Stage
from snapper.values.program import PROGRAM
from snapper.values.visible import shell_word
from snapper.verbs.kit import make_kit

_SHORTEST = 12
"""Characters of a passphrase: age slows a guess down to a second, and does no more."""


def new_kit(
    folder: Path | None,
    stage: str,
    profile: str | None,
    region: str | None,
    *,
    passphrase: bool,
    json: bool,
) -> None:
    """Make a recovery kit, and say what comes next; raises SettingsError."""
    where = _where(stage, profile, region)
    asked = _passphrase() if passphrase else ""
    kit, place = make_kit(folder, where, asked, datetime.now(UTC))
    following = _next(kit, place)
    if json:
        render.document(
            {
                "folder": str(place),
                "recipient": kit.recipient,
                "passphrase": kit.passphrase,
                "stage": stage or None,
                "files": [kit.identity, names.RECIPIENT, names.README, names.TRIAL],
                "next": following,
            }
        )
        return
    render.say(f"the recovery kit is made: {place}")
    render.say(f"its public key, which is no secret: {kit.recipient}")
    what = "under its passphrase" if kit.passphrase else "in clear"
    render.say(f"its private key lies {what} in {place / kit.identity}, and nowhere else")
    render.say("next:")
    for number, line in enumerate(following, 1):
        render.say(f"{number}. {line}")


def _where(stage: str, profile: str | None, region: str | None) -> Stage:
    """Look up where the backups of a stage are; without one it is not known."""
    if not stage:
        return Stage()
    service = Opened.open(stage, profile, region).service
    return Stage(stage, service.account, service.region, service.bucket)


def _next(kit: Kit, place: Path) -> list[str]:
    of = f" --stack {kit.stage.name}" if kit.stage.name else ""
    prove = f"{PROGRAM} key prove --identity {shell_word(str(place / kit.identity))}"
    return [
        f"try it, as its {names.README} says, and move the folder to where neither the bucket nor "
        "the databases are; a second copy to another place",
        f"pulumi config set --path 'recipients[0]' {kit.recipient}{of}  ([1] for the second: two "
        "recipients are advised, each kept by somebody else)",
        f"pulumi up{of}; backups that were made before stay as they are",
        f"{prove}{f' --stage {kit.stage.name}' if kit.stage.name else ''} shows that the key opens "
        "what is sealed",
    ]


def _passphrase() -> str:
    """Ask for a passphrase twice, without showing it."""
    if not sys.stdin.isatty():
        raise SettingsError(
            "a passphrase is asked for on a terminal only",
            hint="run it on one, or leave --passphrase out and protect the folder yourself",
        )
    what = "Passphrase for the private key"
    try:
        typed: str = typer.prompt(what, hide_input=True, err=True, confirmation_prompt=True)
    except typer.Abort:
        raise SettingsError("no passphrase is given") from None
    except UnicodeError:  # its own words tell some of what was typed
        raise SettingsError(NO_TEXT) from None
    if len(typed) < _SHORTEST:
        raise SettingsError(
            f"the passphrase has {len(typed)} characters, must have at least {_SHORTEST}",
            hint="six words that nobody would choose together are easily kept",
        )
    return typed
