"""Leaves in a requirements file the hashes of wheels only; used by bin/lock only.

`python bin/wheel_hashes.py requirements.txt pylock.toml`: uv writes the hashes of source archives
too. Without them no pip takes one, also not Pulumi's, whose options we do not choose: to build one
runs its code, and that of whatever the index has for its build at the time.
"""

import re
import sys
import tomllib
from pathlib import Path

_HASH = re.compile(r" \\\n    --hash=sha256:([0-9a-f]{64})")


def wheels_only(requirements: str, lock: str) -> str:
    """Give the requirements without the hashes of what is no wheel in the lock."""
    kept = {
        wheel["hashes"]["sha256"]
        for package in tomllib.loads(lock)["packages"]
        for wheel in package.get("wheels", [])
    }
    return _HASH.sub(lambda each: each[0] if each[1] in kept else "", requirements)


if __name__ == "__main__":
    target, lock = map(Path, sys.argv[1:])
    target.write_text(wheels_only(target.read_text(), lock.read_text()))
