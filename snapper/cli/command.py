"""How the help of one command looks: names of arguments, no types of Python."""

from typing import Any

from typer.core import TyperArgument, TyperCommand


class Command(TyperCommand):
    """A command whose help shows each argument by its name alone."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401  typer hides the type
        """Give the parts of the usage line; a required argument has no braces."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  typer's
        """Write arguments and options."""
        found: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for parameter in self.get_params(ctx):
            if not (record := parameter.get_help_record(ctx)):
                continue
            name, words = record
            if isinstance(parameter, TyperArgument):
                found["Arguments"].append((parameter.display_name_raw, words))
            else:
                found["Options"].append((name, words))
        for title, records in found.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
