"""What the demo found out, as tables: each backup, each database, and how it all ended."""

from collections.abc import Iterator

from local.demo.report import DatabaseReport, DemoReport
from snapper.cli import render


def show(report: DemoReport) -> None:
    """Print the tables and the remarks."""
    backups = [row for database in report.databases for row in _backup_rows(database)]
    if backups:
        render.table(("backup", "size", "sha256", "made in", "state"), backups, ("sha256", "size"))
        render.say("")
    else:
        render.remark("no backup was made")
    render.table(
        ("database", "server", "backups", "pruned", "tables", "rows", "restored"),
        [_summary_row(database) for database in report.databases],
        ("pruned", "server", "tables"),
    )
    for database in report.databases:
        for line in _remarks(database):
            render.say(f"{database.key}: {line}")
    if report.drill:
        render.say(f"drill in the prover: {report.drill.words}")
    render.say("")
    render.say(f"{_verdict(report)}; {report.resources} resources, {report.seconds:.1f} s")


def _verdict(report: DemoReport) -> str:
    if report.good:
        return "all backups restored, identical row by row"
    good = sum(database.good for database in report.databases)
    others = ", ".join(database.key for database in report.databases if not database.good)
    return f"{good} of {len(report.databases)} databases proven: not {others}"


def _backup_rows(database: DatabaseReport) -> Iterator[tuple[str, ...]]:
    for backup in database.backups:
        made_in = database.made_in(backup)
        size, digest = render.size(backup.backup_bytes), backup.sha256[:16]
        yield backup.dump_key, size, digest, made_in, "kept"
    for key in reversed(database.pruned):
        yield key, "", "", "", "pruned"


def _summary_row(database: DatabaseReport) -> tuple[str, ...]:
    found = database.comparison
    if found is None:
        verdict = "not here" if database.missing else "no"
    elif found.differences:
        verdict = "DIFFERENT"
    else:
        verdict = "in part" if found.unread else "identical"
    return (
        database.key,
        f"PostgreSQL {database.backups[0].server_version}" if database.backups else "",
        str(len(database.backups)),
        str(len(database.pruned)),
        str(found.tables) if found else "",
        f"{found.rows:,}" if found else "",
        verdict,
    )


def _remarks(database: DatabaseReport) -> list[str]:
    differences = database.comparison.differences if database.comparison else ()
    faults = [
        line
        for fault in database.faults
        for line in (f"error: {fault.fact}", f"hint: {fault.hint}" if fault.hint else "")
        if line
    ]
    exported = (
        [f"{render.number(len(database.exported), 'file')} exported"] if database.exported else []
    )
    steps = [] if database.good else [database.steps]
    return [*steps, *database.handed_over, *database.notes, *exported, *differences, *faults]
