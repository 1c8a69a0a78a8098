"""What cannot be sealed is no backup, and of two deliveries that seal otherwise one makes it."""

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pyrage
import pytest

from local.emulator.cloud import Cloud
from snapper.aws.vault import Vault
from snapper.errors import DeadlineReached, DumpFailed, SettingsError, SnapperError
from snapper.sealing.opening import unseal
from snapper.values.deadline import RESERVE, Deadline
from snapper.values.job import Job
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from snapper.values.options import Options
from snapper.values.sealed_for import SealedFor
from snapper.verbs.catalog import holding_at, read_manifest
from snapper.verbs.contents import read_contents
from snapper.verbs.dump import Dumper
from snapper.verbs.place import made_for
from tests.support.databases import AT, Source
from tests.support.fault_service import KEY, Service
from tests.support.faults import faulted
from tests.support.recording import RecordedEvents
from tests.support.sealed import FOR_ONE, RECIPIENT
from tests.support.sealed import KEY as OWN_KEY
from tests.support.vaults import keys, open_uploads

JOB = Job(KEY, AT)


@pytest.fixture
def service(cloud: Cloud, source: Callable[..., Source]) -> Service:
    return Service.make(cloud, source())


@pytest.fixture
def events() -> RecordedEvents:
    return RecordedEvents()


@pytest.fixture
def dumper(service: Service, events: RecordedEvents) -> Dumper:
    return Dumper(service.vault, events, sealed_for=FOR_ONE)


@contextlib.contextmanager
def nothing_left(vault: Vault) -> Iterator[None]:
    yield
    assert keys(vault) == []
    assert open_uploads(vault) == []
    assert not [each for each in threading.enumerate() if each.name == "sealing"]


@pytest.mark.parametrize(
    "wrong", [f"{RECIPIENT[:-1]}x", OWN_KEY.text, "ssh-ed25519 AAAA", "", "for nobody"]
)
def test_for_a_recipient_that_is_none_nothing_is_dumped_and_it_is_not_shown(
    wrong: str, service: Service, dumper: Dumper, events: RecordedEvents
) -> None:
    """Whoever has changed it past the deployment: rather no backup than one that anybody opens."""
    database = service.source.database()
    stages = replace(dumper, sealed_for=SealedFor((RECIPIENT, wrong))), database
    own = dumper, replace(database, options=Options(recipients=(wrong,)))
    for failing, given in (stages, own):
        with (
            faulted("sealing: a recipient that is none"),
            nothing_left(dumper.vault),
            pytest.raises(SettingsError, match="for whom to seal") as failure,
        ):
            failing.dump(JOB, given)
        assert OWN_KEY.text not in f"{failure.value} {failure.value.hint}"
    assert "dump.began" not in events.names()


@pytest.mark.parametrize("after", [0, 1])
def test_sealing_that_dies_in_the_middle_leaves_nothing(
    after: int, service: Service, dumper: Dumper, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = pyrage.encrypt_io

    def dies(reader: Any, writer: Any, recipients: Any) -> None:
        left = itertools.count(after, -1)

        class Dying:
            def read(self, size: int) -> bytes:
                if next(left) <= 0:
                    raise RuntimeError("the library has died")
                return bytes(reader.read(size))

        whole(Dying(), writer, recipients)

    monkeypatch.setattr(pyrage, "encrypt_io", dies)
    with (
        faulted("sealing: dies in the middle"),
        nothing_left(dumper.vault),
        pytest.raises(DumpFailed, match="could not be sealed"),
    ):
        dumper.dump(JOB, service.source.database())


def test_a_deadline_in_the_middle_leaves_nothing(service: Service, dumper: Dumper) -> None:
    left = itertools.chain([RESERVE + 600], itertools.repeat(RESERVE - 1.0))
    hurried = replace(dumper, deadline=Deadline(lambda: next(left)))
    with (
        faulted("sealing: the deadline comes"),
        nothing_left(dumper.vault),
        pytest.raises(DeadlineReached),
    ):
        hurried.dump(JOB, service.source.database())


def test_a_source_that_fails_is_not_sealed_as_if_it_had_ended(
    service: Service, dumper: Dumper
) -> None:
    """The last chunk of an age file says that it is the last: it must not be written."""

    class Ending(Vault):
        def upload(self, stream: Any, *arguments: Any) -> None:
            running.source.stop(DumpFailed("the source has failed"))
            super().upload(stream, *arguments)

    class Running:
        source: Any

    running = Running()
    watched = Dumper._watched

    def note(self: Dumper, source: Any, *given: Any) -> Any:
        running.source = source
        return watched(self, source, *given)

    failing = replace(dumper, vault=Ending(dumper.vault.bucket, dumper.vault._client))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Dumper, "_watched", note)
        with (
            faulted("sealing: the source fails"),
            nothing_left(dumper.vault),
            pytest.raises(DumpFailed, match="the source has failed"),
        ):
            failing.dump(JOB, service.source.database())


@pytest.mark.parametrize("seals_first", [True, False])
@pytest.mark.parametrize("call", ["upload", "make"])
def test_of_a_sealed_and_an_unsealed_delivery_at_once_exactly_one_makes_the_backup(
    call: str, seals_first: bool, service: Service, dumper: Dumper
) -> None:
    """A stage begins to seal, and one job is delivered before and after: their keys differ."""
    in_clear = replace(dumper, sealed_for=replace(FOR_ONE, contents_in_clear=True))
    unsealed = replace(dumper, sealed_for=SealedFor())
    first, second = (in_clear, unsealed) if seals_first else (unsealed, in_clear)
    others: list[Manifest | SnapperError | None] = []

    class Slow(Vault):
        """Lets the other delivery go its whole way before its own call of this name."""

        def upload(self, *given: Any, **more: Any) -> None:
            self._meanwhile("upload")
            super().upload(*given, **more)

        def make(self, *given: Any, **more: Any) -> None:
            self._meanwhile("make")
            super().make(*given, **more)

        def _meanwhile(self, name: str) -> None:
            if name == call and not others:
                others.append(None)
                try:
                    others[0] = second.dump(JOB, service.source.database())
                except SnapperError as error:
                    others[0] = error

    slow = replace(first, vault=Slow(dumper.vault.bucket, dumper.vault._client))
    with faulted("sealing: a sealed and an unsealed delivery at once"):
        results = [slow.dump(JOB, service.source.database()), *others]
    made = [each for each in results if isinstance(each, Manifest)]
    assert len(made) == 1, results
    holding = made_for(dumper.vault, JOB)
    assert holding is not None
    manifest = read_manifest(dumper.vault, holding)
    assert manifest.to_dict() == made[0].to_dict()
    stored = dumper.vault.read(manifest.dump_key)
    packed = unseal(stored, [OWN_KEY]) if manifest.recipients else stored
    assert len(packed) == manifest.gzip_bytes
    read_contents(dumper.vault, manifest)


def test_a_delivery_that_comes_again_after_recipients_were_set_finds_the_backup_that_is_there(
    service: Service, dumper: Dumper, events: RecordedEvents
) -> None:
    unsealed = replace(dumper, sealed_for=SealedFor())
    assert unsealed.dump(JOB, service.source.database())
    with faulted("sealing: a delivery that comes again"):
        assert dumper.dump(JOB, service.source.database()) is None
    assert "dump.skipped" in events.names()
    assert object_key(KEY, AT, Kind.SEALED) not in keys(dumper.vault)
    assert not read_manifest(dumper.vault, holding_at(dumper.vault, KEY, AT)).recipients
