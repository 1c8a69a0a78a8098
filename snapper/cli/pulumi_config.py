"""What Pulumi's config holds for a stack, by Pulumi's own command line."""

import json
import os
import re
import subprocess
from pathlib import Path

from snapper.errors import SettingsError

# Where Pulumi.yaml lies, wherever the command is typed.
_PROJECT = Path(__file__).parents[2]

_OURS = re.compile("DATABASE_|BACKUP_|SNAPPER_|PG|PYTHON")
"""What Pulumi does not need to know of our environment."""


def secret(name: str, stack: str) -> str:
    """Give one setting in plain text; raises SettingsError in Pulumi's own words."""
    return _pulumi("config", "get", name, "--stack", stack).rstrip("\n")


def settings(stack: str) -> dict[str, str | None]:
    """Give the project's own settings, with None for a secret; raises SettingsError."""
    told = _pulumi("config", "--json", "--stack", stack)
    try:
        found = json.loads(told)
    except ValueError:
        raise SettingsError("pulumi config --json did not answer with JSON") from None
    own = f"{_project()}:"
    return {
        key.removeprefix(own): each.get("value")
        for key, each in found.items()
        if key.startswith(own)
    }


def _project() -> str:
    """Give the project's name, which stands before each of its settings."""
    named = re.search(r"^name:\s*([\w.-]+)", (_PROJECT / "Pulumi.yaml").read_text(), re.MULTILINE)
    return named[1] if named else "snapper"


def _pulumi(*arguments: str) -> str:
    try:
        answer = subprocess.run(
            ["pulumi", *arguments],
            cwd=_PROJECT,
            env={name: value for name, value in os.environ.items() if not _OURS.match(name)},
            # Where it would ask for a passphrase, it must say so instead of waiting unseen.
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
    except OSError:
        raise SettingsError(
            "the Pulumi CLI cannot be run", hint="install it, or use --stdin or the environment"
        ) from None
    except subprocess.CalledProcessError as error:
        words = " ".join(error.stderr.split()) or f"it exited with status {error.returncode}"
        what = " ".join(arguments[:-2])
        raise SettingsError(f"pulumi {what} failed: {words}") from None
    return answer.stdout
