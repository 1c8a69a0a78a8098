"""The engine itself: every method of the protocol, none of PostgreSQL's."""

import hashlib
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from snapper.engines.bands import Bands, OneJob
from snapper.engines.checked_dump import CheckedDump, DumpingTool
from snapper.engines.facts import (
    ALL_THERE_IS,
    Client,
    Content,
    Facts,
    Rehearsal,
    Restoration,
    RestoreOptions,
    TrialOptions,
)
from snapper.engines.sections import Sections
from snapper.engines.tables import Tables
from snapper.errors import BackupDamaged, RestoreFailed, SettingsError
from snapper.values.credentials import Door
from snapper.values.finding import Finding, ok
from snapper.values.manifest import Manifest
from snapper.values.omission import Omission
from snapper.values.redaction import Redactor
from snapper.values.secrets import Database
from snapper.values.verification import Restored
from tests.support.text_engine.file import TextFile
from tests.support.text_engine.sections import Lines
from tests.support.text_engine.tables import NoTables

END = b"-- this was all of the text\n"
RELEASE = "3.1"


class TextEngine:
    """Dumped by `cat`, restored by writing a draft and naming it."""

    kind = "TEXT"
    name = "Text"
    encryption_hint = "keep the file on an encrypted disk"
    sections: Sections = Lines()
    tables: Tables = NoTables()

    def __init__(self, clients: Path | None = None) -> None:
        self._clients = clients

    def faults(self, connection: str) -> Iterator[str]:
        try:
            TextFile.parse(connection)
        except SettingsError as fault:
            yield str(fault)

    def unusable(self, connection: str, *, from_here: bool) -> Iterator[str]:
        return self.faults(connection)

    def target_faults(self, connection: str) -> Iterator[str]:
        return iter(())

    def doubts(self, database: Database, *, networked: bool, bundled: bool) -> Iterator[str]:
        return iter(())

    def door(self, database: Database) -> Door:
        return Door("", 0, "")

    def trusts_amazon(self, database: Database) -> bool:
        return False

    def trusting(self, connection: str, bundle: str) -> str:
        return connection

    def place(self, connection: str) -> str:
        return str(TextFile.parse(connection).path)

    def hosts(self, connection: str) -> tuple[str, ...]:
        return ()

    def redactor(self, connection: str) -> Redactor:
        return Redactor([TextFile.parse(connection).secret])

    def option_faults(self, database: Database) -> Iterator[str]:
        for name in database.options.to_dict():
            if name.startswith("exclude"):
                yield f"{name} is nothing that a text file has"

    def inspect(self, database: Database, patience: float) -> Facts:
        file = TextFile.parse(database.connection)
        lines = file.lines()
        return Facts(
            version=RELEASE,
            database_name=file.path.name,
            size=file.path.stat().st_size,
            encrypted=True,
            identity=_identity(file),
            about="UTF-8",
            part={"lines": len(lines), "first_line": lines[0] if lines else ""},
        )

    def client_for(self, facts: Facts) -> Client:
        return Client("cat", RELEASE, older=False)

    def turn(
        self, database: Database, most: int, patience: float, *, long_waited: bool
    ) -> AbstractContextManager[int]:
        return nullcontext(0)

    def dump(self, database: Database, facts: Facts, patience: float) -> CheckedDump:
        connection = database.connection
        path = TextFile.parse(connection).path
        command = ["sh", "-c", 'cat -- "$1" && printf %s "$2"', "dump", str(path), END.decode()]
        tool = DumpingTool(self.ends_well)
        environment = {"PATH": "/usr/bin:/bin"}
        return CheckedDump(command, environment, self.redactor(connection), tool, patience)

    def dump_in_bands(
        self, database: Database, facts: Facts, patience: float, jobs: int
    ) -> Bands | OneJob:
        return OneJob()

    def part(self, facts: Facts, client: Client) -> dict[str, Any]:
        return dict(facts.part)

    def ends_well(self, tail: bytes) -> bool:
        return tail.endswith(END)

    def check_part(self, manifest: Manifest) -> None:
        if type(manifest.part.get("lines")) is not int:
            raise BackupDamaged(f"the manifest {manifest.key} does not count its lines")

    def public_part(self, manifest: Manifest) -> dict[str, Any]:
        return {"lines": manifest.part["lines"]}

    def omitted(self, manifest: Manifest) -> tuple[Omission, ...]:
        return ()

    def examine_clients(self) -> Iterator[Finding]:
        yield ok("cat", "runs")

    def examine(self, database: Database, facts: Facts) -> Iterator[Finding]:
        yield ok("lines", f"every one of {facts.part['lines']} can be read")

    def rehearse(self, target: str, manifest: Manifest, *, may_create: bool) -> Rehearsal:
        content = self.content(target)
        if content is None and not may_create:
            raise SettingsError(f"there is no file {self.place(target)}", hint="add --create")
        return Rehearsal(
            place=self.place(target),
            content=content,
            is_source=content is not None and _identity(TextFile.parse(target)) == manifest.source,
            missing_roles=(),
            warnings=(),
            server_version=RELEASE,
        )

    def content(self, target: str) -> Content | None:
        file = TextFile.parse(target)
        if not file.path.exists():
            return None
        count = len(file.lines())
        return Content(f"{count} lines", not count)

    def make_roles(self, target: str, rehearsal: Rehearsal) -> tuple[str, ...]:
        return ()

    def restore(
        self, dump: Iterable[bytes], manifest: Manifest, target: str, options: RestoreOptions
    ) -> Restoration:
        path = TextFile.parse(target).path
        draft = path.with_name(f"{path.name}.draft")
        try:
            text = b"".join(dump)
            if not text.endswith(END):
                raise RestoreFailed("the dump does not end as one does")
            draft.write_bytes(text.removesuffix(END))
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return Restoration()

    def restore_as_new(
        self, dump: Iterable[bytes], manifest: Manifest, target: str, options: RestoreOptions
    ) -> Restoration:
        return self.restore(dump, manifest, target, options)

    def require_server(self, server: str) -> None:
        TextFile.parse(server)

    def try_restore(
        self,
        dump: Iterable[bytes],
        manifest: Manifest,
        server: str,
        options: TrialOptions = ALL_THERE_IS,
    ) -> Restored:
        began = time.monotonic()
        text = b"".join(dump).removesuffix(END)
        if text.count(b"\n") != manifest.part["lines"]:
            raise RestoreFailed("there are other lines than there were", against_backup=True)
        return Restored(1, text.count(b"\n"), time.monotonic() - began)

    def unconfined(self, server: str) -> tuple[str, ...]:
        return ()

    def stock_commands(
        self, bucket: str, manifest: Manifest, target: str, rehearsal: Rehearsal
    ) -> tuple[str, ...]:
        return (f"aws s3 cp s3://{bucket}/{manifest.dump_key} - | gunzip | head -n -1",)


def _identity(file: TextFile) -> str:
    state = file.path.stat()
    return hashlib.sha256(f"{state.st_dev}/{state.st_ino}".encode()).hexdigest()[:32]
