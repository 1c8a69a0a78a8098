"""A recovery kit as somebody uses it who has only a distribution's own tools."""

import re
import shutil
from pathlib import Path

from tests.support.stock_age import stock_age


def commands_of(folder: Path) -> list[str]:
    """Give the commands that a kit's README tells, word by word."""
    return re.findall(r"^    (\S.*)$", (folder / "README.txt").read_text(), re.MULTILINE)


def without_snapper(folder: Path, *others: Path) -> dict[str, str]:
    """Make a PATH of stock tools alone in this folder, and give the environment that has it."""
    folder.mkdir()
    shell = ("bash", "gunzip", "gzip", "sh", "cat")
    for tool in (stock_age(), *(Path(shutil.which(each) or each) for each in shell), *others):
        (folder / tool.name).symlink_to(tool)
    return {"PATH": str(folder)}
