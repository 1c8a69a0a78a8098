"""What came of a restore, or would come of it: for people, and for programs."""

from dataclasses import dataclass
from typing import Any

from snapper.cli import render
from snapper.cli.outcome import Outcome
from snapper.engines.engine import engine_of
from snapper.engines.facts import Restoration
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from snapper.verbs.catalog import to_public
from snapper.verbs.restoring import Done

_HEADERS = ("kind", "object", "SQLSTATE", "rows", "reason")


@dataclass(frozen=True)
class Restored:
    """A backup and what was done with it; `passed` says which others were passed over."""

    stage: str
    manifest: Manifest
    passed: tuple[str, ...]
    done: Done

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        done = self.done
        came = done.came or Restoration()
        return {
            "stage": self.stage,
            "manifest": to_public(self.manifest),
            "target": done.place,
            "creates": done.creates,
            "creates_roles": list(done.creates_roles),
            "warnings": [*done.warnings, *self.passed, *came.warnings],
            "left_out": [each.to_dict() for each in came.left_out],
            "missing": [each.to_dict() for each in came.missing],
            "kept_as": came.kept_as or None,
            "commands": list(done.commands),
            "restored": done.came is not None,
            "jobs": done.came.jobs if done.came else done.jobs,
            "seconds": None if done.seconds is None else round(done.seconds, 3),
        }

    def tell_plan(self) -> None:
        """Say what would be done."""
        render.say(f"would restore {self._what()} into {self.done.place}")
        for role in self.done.creates_roles:
            render.say(f"would first make the role {role}, without login")
        if self.done.creates:
            render.say("would first make the database; it gets its name when it is whole")
        if self.done.jobs and self.done.jobs > 1:
            render.say(f"would restore by {self.done.jobs} connections")
        if not self.done.commands:
            render.say(
                "a container of AWS Batch would look at it, and do that; nothing was changed"
            )
            return
        render.say("nothing was changed; without Snapper it is done by:")
        for command in self.done.commands:
            print(f"  {command}")  # to be copied, so never wrapped

    def tell_result(self) -> None:
        """Say what was done, and list what is missing of it."""
        came, place = self.done.came or Restoration(), self.done.place
        if not came.missing:
            render.say(f"restored {self._what()} into {place} in {self.done.seconds:.1f} s")
            if came.jobs > 1:
                render.say(f"by {came.jobs} connections; each part has the SHA-256 of its contents")
            else:
                render.say(f"SHA-256 {self.manifest.sha256}, as in the manifest")
            return
        rows = [
            (each.kind, each.name, each.sqlstate, "missing" if each.rows else "all", each.reason)
            for each in came.missing
        ]
        render.table(_HEADERS, rows)
        count = f"{len(rows)} statement{'s' if len(rows) > 1 else ''}"
        render.say(
            f"{self._what()} is NOT WHOLE: {count} could not be run, all others were, in"
            f" {self.done.seconds:.1f} s"
        )
        render.say(f"the database is named {came.kept_as}; if it is good enough, give it its name:")
        print(f"  {came.accepting}")  # to be copied, so never wrapped

    def _what(self) -> str:
        manifest = self.manifest
        server = f"{engine_of(manifest.engine).name} {manifest.server_version}"
        return f"{manifest.dump_key} ({render.size(manifest.backup_bytes)}, {server})"


def answer(restored: Restored, outcome: Outcome, *, json: bool) -> None:
    """Give it as the command's result."""
    came = restored.done.came
    if json:
        render.document(restored.to_dict())
        outcome.answered = True
    elif came:
        restored.tell_result()
    else:
        restored.tell_plan()
    if came and came.missing:
        outcome.code = RestoreFailed.exit_code
