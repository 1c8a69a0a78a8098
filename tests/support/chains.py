"""A bucket, Parameter Store and a key in memory, on which chains are made thousands of times.

The verbs that work on them are the real ones. A history is honest work in any order: dumps of which
several are under way and each may die between any two calls, prunes that die, a stage that ceases
to sign and begins again. The bucket's clock is one, each writer's differs from it by a minute.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from snapper.aws.newest import Newest
from snapper.aws.signing import Signer
from snapper.aws.vault import StoredObject, Vault
from snapper.errors import AlreadyStored, AwsFailed, ObjectGone
from snapper.sealing.signature import PublicKeys, pem_of
from snapper.values.chain_finding import ChainJudgement
from snapper.values.chain_judge import judge_chain
from snapper.values.chain_material import Material
from snapper.values.keys import Kind, mark_key, object_key
from snapper.values.manifest import Manifest
from snapper.verbs.bury import Graveyard, NoTrace, Undertaker
from snapper.verbs.catalog import backups
from snapper.verbs.chain_found import find_chain
from snapper.verbs.chain_link import Chain
from snapper.verbs.events import Silence
from snapper.verbs.prune import delete
from tests.support.manifests import manifest

KEY = "orders"
ROOT = "/snapper/tried"
BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class Bucket:
    """As much of a vault as chains need; its clock goes on by a second with every write."""

    objects: dict[str, tuple[bytes, datetime]] = field(default_factory=dict)
    now: datetime = BEGINNING
    bucket: str = "backups"

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        for key in sorted(self.objects):
            if key.startswith(prefix) and key > after:
                body, at = self.objects[key]
                yield StoredObject(key, len(body), at)

    def read(self, key: str, most: int = 0) -> bytes:
        if key not in self.objects:
            raise ObjectGone(f"no {key}")
        return self.objects[key][0]

    def put(self, key: str, body: bytes, kind: str = "") -> None:
        self.now += timedelta(seconds=1)
        self.objects[key] = (body, self.now)

    def make(self, key: str, body: bytes, kind: str = "") -> None:
        if key in self.objects:
            raise AlreadyStored(f"{key} is there")
        self.put(key, body)

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)


class Parameters:
    """A client of Parameter Store that keeps all values of each parameter."""

    def __init__(self) -> None:
        self.values: dict[str, list[str]] = {}

    def get_parameter(self, *, Name: str) -> dict[str, Any]:  # noqa: N803  boto3's
        name, _, version = Name.partition(":")
        found = self.values.get(name, [])
        number = int(version or len(found))
        if not 0 < number <= len(found):
            raise ClientError({"Error": {"Code": "ParameterNotFound"}}, "GetParameter")
        return {"Parameter": {"Name": name, "Value": found[number - 1], "Version": number}}

    def put_parameter(self, *, Name: str, Value: str, **_: object) -> dict[str, Any]:  # noqa: N803
        self.values.setdefault(Name, []).append(Value)
        return {"Version": len(self.values[Name])}

    def get_paginator(self, _: str) -> "Parameters":
        return self

    def paginate(self, *, Name: str) -> list[dict[str, Any]]:  # noqa: N803
        return [{"Parameters": [{"Value": value} for value in self.values.get(Name, ())]}]


class Key:
    """A key of KMS: a client that signs by it, and that can be disabled."""

    def __init__(self, arn: str) -> None:
        self.arn, self.enabled = arn, True
        self._private = ec.generate_private_key(ec.SECP256R1())
        public = self._private.public_key()
        self.pem = pem_of(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def sign(self, message: bytes) -> str:
        if not self.enabled:
            raise AwsFailed("kms:Sign failed: DisabledException")
        return base64.b64encode(self._private.sign(message, ec.ECDSA(SHA256()))).decode()

    def signer(self) -> Signer:
        return cast("Signer", _KeySigner(self))


@dataclass(frozen=True)
class _KeySigner:
    of: Key

    @property
    def key(self) -> str:
        return self.of.arn

    def sign(self, message: bytes) -> str:
        return self.of.sign(message)

    def try_out(self) -> None:
        self.of.sign(b"")


KEYS = [Key(f"arn:aws:kms:eu-central-1:000000000000:key/{number}") for number in range(3)]
"""Made once: a stage that begins to sign anew takes the next one."""


class World:
    """One database's history, and what anybody may do to its bucket."""

    def __init__(self) -> None:
        self.bucket, self.parameters = Bucket(), Parameters()
        self.newest = Newest(ROOT, self.parameters)
        self.signing: Key | None = KEYS[0]
        self.used = 1
        self.under_way: list[Iterator[None]] = []

    @property
    def vault(self) -> Vault:
        return cast("Vault", self.bucket)

    def check(self) -> PublicKeys:
        return PublicKeys([each.pem for each in KEYS[: self.used]])

    def material(self) -> Material:
        key = self.signing.arn if self.signing else ""
        return find_chain(self.vault, self.newest, KEY, key, frozenset())

    def judged(self) -> ChainJudgement:
        return judge_chain(self.material(), self.check())

    # Honest work.

    def begin(self, skew: int = 0, late: bool = False) -> None:
        """Begin a dump; each step of it is one call that may be its last."""
        self.under_way.append(self._dump(skew, late=late))

    def step(self, which: int) -> None:
        """Let one of the dumps under way do its next step."""
        if self.under_way:
            dump = self.under_way[which % len(self.under_way)]
            try:
                next(dump)
            except StopIteration:
                self.under_way.remove(dump)

    def die(self, which: int) -> None:
        """Let one of the dumps under way be no more."""
        if self.under_way:
            self.under_way.pop(which % len(self.under_way))

    def dump(self, skew: int = 0, *, late: bool = False) -> Manifest:
        """Make a whole backup."""
        before = set(self.bucket.objects)
        for _ in self._dump(skew, late=late):
            pass
        (made,) = (
            key for key in self.bucket.objects if key not in before and key.endswith(Kind.MANIFEST)
        )
        return Manifest.from_json(self.bucket.read(made))

    def bare(self, skew: int = 0, *, late: bool = False) -> Manifest:
        """Give the manifest of a new backup, before anything of it is stored."""
        now = self.bucket.now + timedelta(seconds=skew)
        due = self.bucket.now - timedelta(hours=1 if late else 0)
        while object_key(KEY, due, Kind.DUMP) in self.bucket.objects:
            due += timedelta(seconds=1)
        return manifest(
            scheduled_at=due,
            started_at=now,
            finished_at=now,
            database=KEY,
            backup_bytes=30,
        )

    def _dump(self, skew: int, *, late: bool) -> Iterator[None]:
        bare, chain = self.bare(skew, late=late), self._chain()
        self.bucket.make(bare.dump_key, b"x" * bare.backup_bytes)
        yield
        bare = self._finished(bare, skew)
        linked = chain.link(bare) if chain else None
        made = linked.manifest if linked else bare
        yield
        if made.late:
            self.bucket.put(mark_key(KEY, made.scheduled_at, made.started_at), b"")
            yield
        self.bucket.make(made.key, made.to_json().encode())
        yield
        if chain and linked:
            chain.record(linked)

    def _finished(self, bare: Manifest, skew: int) -> Manifest:
        return Manifest(**{**vars(bare), "finished_at": self.bucket.now + timedelta(seconds=skew)})

    def _chain(self) -> Chain | None:
        if not self.signing:
            return None
        return Chain(self.vault, self.newest, self.signing.signer(), self.check, Silence())

    @property
    def undertaker(self) -> Undertaker:
        if not self.signing:
            return NoTrace()
        return Graveyard(self.vault, self.signing.signer(), self.check, lambda: self.bucket.now)

    def prune(self, keep: int, dies_after: int = 100) -> None:
        """Prune to a count, and die after so many calls: first all are buried, then deleted."""
        doomed = list(reversed(backups(self.vault, KEY, self.bucket.now)[keep:]))
        undertaker = self.undertaker
        for number in range(min(dies_after, 2 * len(doomed))):
            each = doomed[number % len(doomed)]
            if number < len(doomed):
                undertaker.bury(each, "beyond the count")
            else:
                delete(self.vault, each)

    def turn_off(self) -> None:
        """Sign no more."""
        self.signing = None

    def turn_on(self) -> None:
        """Sign, with a key that was never used."""
        if self.signing is None and self.used < len(KEYS):
            self.signing = KEYS[self.used]
            self.used += 1

    def wait(self, span: timedelta) -> None:
        """Let time pass."""
        self.bucket.now += span

    # What is there.

    def manifests(self) -> Mapping[str, bytes]:
        return {key: body for key, (body, _) in self.bucket.objects.items() if _is_manifest(key)}

    def tombstones(self) -> Mapping[str, bytes]:
        return {
            key: body for key, (body, _) in self.bucket.objects.items() if key.startswith("_chain/")
        }


def _is_manifest(key: str) -> bool:
    return key.endswith(Kind.MANIFEST)
