"""How a restore is to be done, as options of the command line."""

from typing import Annotated

import typer

from snapper.engines.at_once import MOST_JOBS

StrictOption = Annotated[
    bool,
    typer.Option(
        "--strict", help="Leave nothing out: stop at what only a superuser or another role may do."
    ),
]
BestEffortOption = Annotated[
    bool,
    typer.Option(
        "--best-effort",
        help="With --create: restore all that can be, and list what cannot; exits 9 then.",
    ),
]
NoOwnerOption = Annotated[
    bool, typer.Option("--no-owner", help="Let all belong to the user of the connection.")
]
NoPrivilegesOption = Annotated[
    bool, typer.Option("--no-privileges", help="Restore no GRANT and no REVOKE.")
]
FinalNameOption = Annotated[
    bool,
    typer.Option(
        "--final-name",
        help="With --create: make the database under its own name at once.",
    ),
]
ShowValuesOption = Annotated[
    bool,
    typer.Option("--show-values", help="Show what the server says in full, with values of rows."),
]
JobsOption = Annotated[
    int,
    typer.Option(
        "--jobs",
        metavar="COUNT",
        min=0,
        max=MOST_JOBS,
        help="With --create: restore by so many connections at once; 0 for one for each processor"
        " here, at most 4, where the backup is large enough.",
    ),
]
InCloudOption = Annotated[
    bool,
    typer.Option(
        "--in-cloud",
        help="Have a container of AWS Batch restore it, beside the bucket; takes largeDatabases.",
    ),
]
IntoOption = Annotated[
    str,
    typer.Option(
        "--into",
        metavar="KEY",
        help="With --in-cloud: the target, by its key in the secret RESTORE_CONN_STRINGS.",
    ),
]
FollowOption = Annotated[
    str,
    typer.Option(
        "--follow",
        metavar="ID",
        help="Follow a restore --in-cloud that is under way, or see how it ended.",
    ),
]
