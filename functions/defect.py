"""What may be said of a defect of ours: where it is, since its text may hold anything."""

from pathlib import Path


def place_of(error: Exception) -> dict[str, str | float]:
    """Give the kind of an error, and the file and line that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return {"kind": type(error).__name__}
    return {
        "kind": type(error).__name__,
        "file": Path(trace.tb_frame.f_code.co_filename).name,
        "line": trace.tb_lineno,
    }
