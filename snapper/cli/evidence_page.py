"""The evidence as a page that can be filed: one file, without a script, good on paper too."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from snapper import __version__
from snapper.cli import render
from snapper.cli.chart import chart
from snapper.cli.html import Html, element, table
from snapper.cli.list import pinned, verdict
from snapper.values.chain import said
from snapper.values.incident import Incident
from snapper.values.job import write_time
from snapper.values.verification import WITHOUT_OPENING, Restored
from snapper.verbs.catalog import Listed
from snapper.verbs.evidence import Evidence

_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #1c1c1c; max-width: 960px; margin: 32px auto;
  padding: 0 16px }
h1 { font-size: 24px; margin: 0 0 4px } h2 { font-size: 18px; margin: 32px 0 8px }
h3 { font-size: 14px; margin: 20px 0 4px } p { margin: 6px 0 }
table { border-collapse: collapse; width: 100%; margin: 8px 0 }
th { text-align: left; font-weight: 600; border-bottom: 2px solid #1c1c1c }
th, td { padding: 4px 14px 4px 0; vertical-align: top; font-variant-numeric: tabular-nums }
td { border-bottom: 1px solid #dcdcdc; white-space: nowrap }
td .words { white-space: normal; overflow-wrap: anywhere }
code { font: 10px/1.4 ui-monospace, monospace }
.quiet { color: #5f5f5f } .bad { color: #a2191f; font-weight: 600 } .good { color: #1b6b36 }
svg { width: 100% }
.legend span { margin-right: 16px } .legend i { display: inline-block; width: 10px; height: 10px;
  margin-right: 6px }
@page { size: A4; margin: 14mm } @media print { body { margin: 0; max-width: none; font-size: 11px }
  tr, svg { break-inside: avoid } h2, h3 { break-after: avoid } }
"""

_CONTROLS = (
    (
        "ISO/IEC 27001:2022, A.8.13",
        "Backups are made, kept, and tested regularly.",
        "every backup with its time, size and digest; every restore for the proof",
    ),
    (
        "SOC 2, A1.2",
        "Data is backed up, and it is seen when that fails.",
        "failures, each with its reason and when it was mended",
    ),
    (
        "SOC 2, A1.3",
        "Recovery is tested.",
        "restores into a server of their own, with tables, rows and the time that each took",
    ),
)


@dataclass(frozen=True)
class Page:
    """What the page is about: a stage, its bucket, a time, and what could not be read."""

    stage: str
    bucket: str
    since: datetime
    until: datetime
    found: Sequence[Evidence]
    unread: Sequence[str]

    def render(self) -> str:
        """Give the whole page."""
        title = f"Evidence of backups: {self.stage}"
        # Whatever a name holds, nothing is fetched or run.
        policy = "default-src 'none'; style-src 'unsafe-inline'"
        head = element(
            "head",
            Html('<meta charset="utf-8">'),
            Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
            element("title", title),
            element("style", Html(_STYLE)),
        )
        body = element("body", element("h1", title), *self._sections())
        return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"

    def _sections(self) -> Iterator[Html]:
        yield _quiet(
            f"From {write_time(self.since)} to {write_time(self.until)}, made at that time by"
            f" Snapper {__version__} from the bucket {self.bucket} and the functions' logs."
        )
        for fault in self.unread:
            yield element("p", f"Not complete: {fault}", class_="bad")
        yield _summary(self.found)
        yield element("h2", "Recovery times")
        yield self._recovery_times()
        yield element("h2", "What this shows")
        rows = ((name, _words(asks), _words(shows)) for name, asks, shows in _CONTROLS)
        yield table(("control", "asks that", "is shown here by"), *rows)
        yield _quiet(
            "A backup is proven when it was restored into a server that is thrown away afterwards;"
            " what its rows were held against, and what that server lacked, stands beside it. Of a"
            f" sealed backup that was read without its key is {WITHOUT_OPENING}: it is not proven."
            " That a file is the one"
            " of this page, its SHA-256 shows: sha256sum FILE. Backups that retention has deleted"
            " are not here, and failures are known as long as the functions' logs are kept."
        )
        for each in self.found:
            yield from _database(each)

    def _recovery_times(self) -> Html:
        points = {
            each.database: [(one.at, one.seconds) for one in each.recoveries]
            for each in self.found
            if each.recoveries
        }
        if not points:
            return element("p", "No backup was restored for the proof in this time.", class_="bad")
        return chart(points, self.since, self.until)


def _summary(found: Sequence[Evidence]) -> Html:
    headers = (
        "database",
        "backups",
        "newest",
        "longest pause",
        "proven at",
        "recovery",
        "failures",
    )
    return table(headers, *map(_summary_row, found))


def _summary_row(each: Evidence) -> tuple[str, ...]:
    pause, newest = each.longest_pause, next(iter(each.good), None)
    failures = len(each.failures) + len(each.failed_drills)
    return (
        each.database,
        _bad(f"{len(each.good)}, {each.damaged} damaged") if each.damaged else f"{len(each.good)}",
        write_time(newest.begun_at) if newest else _bad("none"),
        render.age(pause) if pause else "",
        f"{each.recoveries[-1].at:%Y-%m-%d}" if each.recoveries else _bad("not"),
        f"{each.recoveries[-1].seconds:.1f} s" if each.recoveries else "",
        _failures(failures, each.open),
    )


def _failures(count: int, still_open: int) -> str:
    if still_open:
        return _bad(f"{count}, {still_open} not mended")
    return f"{count}, all mended" if count else "none"


def _database(each: Evidence) -> Iterator[Html]:
    yield element("h2", each.database)
    if each.backups:
        headers = ("backup", "dump", "stored", "server", "verified, SHA-256 of the object")
        yield table(headers, *map(_backup_row, each.backups))
    else:
        yield element("p", "There is no backup of this time.", class_="bad")
    if each.recoveries:
        yield element("h3", "Restores for the proof")
        rows = (
            (
                write_time(one.at),
                write_time(one.taken_at),
                f"{one.tables:,}",
                f"{one.rows:,}",
                f"{one.seconds:.1f} s",
            )
            for one in each.recoveries
        )
        yield table(("restored at", "backup", "tables", "rows", "took"), *rows)
    for title, incidents in (
        ("Backups that failed", each.failures),
        ("Restores for the proof that failed", each.failed_drills),
    ):
        if incidents:
            yield element("h3", title)
            headers = ("backup", "attempts", "last", "reason", "mended at")
            yield table(headers, *map(_incident_row, incidents))


def _backup_row(each: Listed) -> tuple[str, ...]:
    manifest = each.manifest
    if manifest is None:
        known = _words(_bad(verdict(each)), _beside(each))
        return write_time(each.begun_at), "", "", "", known
    words, proof = verdict(each), each.verification and each.verification.restored
    sound = "good" if proof else "quiet"
    state = _bad(words) if each.flaw or "NOT RESTORED" in words else _span(words, sound)
    beyond = f": {_proven(proof)}" if proof else ""
    return (
        write_time(each.begun_at),
        render.size(manifest.dump_bytes),
        render.size(manifest.backup_bytes),
        manifest.server_version,
        _words(state, beyond, _beside(each), element("div", element("code", manifest.sha256))),
    )


def _beside(each: Listed) -> str:
    signed = said(each.manifest.chain) if each.manifest else ""
    words = (pinned(each.pins) if each.pins else "", signed)
    return "".join(f"; {each}" for each in words if each)


def _proven(restored: Restored) -> str:
    """Say what was in the restored copy, and what it was held against."""
    words = [f"{restored.tables:,} tables, {restored.rows:,} rows"]
    if (proof := restored.proof) is not None:
        if proof.compared is not None:
            words.append(f"the rows of {proof.compared:,} tables as in the list of contents")
        if proof.assertions:
            words.append(f"{render.number(len(proof.assertions), 'assertion')} true")
        if proof.lacking:
            words.append(f"but for {proof.lacking}")
    return "; ".join(words)


def _incident_row(each: Incident) -> tuple[str, ...]:
    return (
        write_time(each.scheduled_at),
        f"{each.attempts}",
        write_time(each.last_at),
        _words(each.reason),
        write_time(each.mended_at) if each.mended_at else _bad("not yet"),
    )


def _quiet(words: str) -> Html:
    return element("p", words, class_="quiet")


def _words(*words: str) -> Html:
    """Give what may have more than one line."""
    return element("div", *words, class_="words")


def _span(words: str, class_: str) -> Html:
    return element("span", words, class_=class_)


def _bad(words: str) -> Html:
    return _span(words, "bad")
