"""What Pulumi's config holds for a stack, by Pulumi's own command line."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from snapper.errors import SettingsError

# Where Pulumi.yaml lies, wherever the command is typed.
_PROJECT = Path(__file__).parents[2]

_OURS = re.compile("DATABASE_|BACKUP_|SNAPPER_|PG|PYTHON")
"""What Pulumi does not need to know of our environment."""


def secret(name: str, stack: str) -> str:
    """Give one setting in plain text; raises SettingsError in Pulumi's own words."""
    return _pulumi("config", "get", name, "--stack", stack).rstrip("\n")


def settings(stack: str) -> dict[str, Any]:
    """Give the settings that are no secrets, as they were written; raises SettingsError."""
    told = _pulumi("config", "--json", "--stack", stack)
    try:
        found = json.loads(told)
    except ValueError:
        raise SettingsError("pulumi config --json did not answer with JSON") from None
    return {
        key.partition(":")[2]: each.get("objectValue", each["value"])
        for key, each in found.items()
        if "value" in each and not key.startswith(("aws:", "pulumi:"))
    }


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
