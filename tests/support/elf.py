"""What the programs of a layer need, as their ELF headers tell."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from bin.pg_dump.lambda_libraries import NEWEST_SYMBOLS, PROVIDED

MACHINES = {"arm64": "EM_AARCH64", "x86_64": "EM_X86_64"}
Files = Sequence[tuple[str, Path, int]]


def programs(files: Files) -> Iterator[tuple[str, ELFFile]]:
    """Yield what is a program or a library of a layer."""
    for name, path, _ in files:
        with path.open("rb") as file:
            if file.read(4) == b"\x7fELF":
                yield name, ELFFile(file)


def machines(files: Files) -> set[str]:
    """Give the processors that they are built for."""
    return {elf["e_machine"] for _, elf in programs(files)}


def too_new(files: Files) -> list[tuple[str, str]]:
    """Give the symbols that Amazon Linux 2023 does not have yet, by program."""
    found = []
    for name, elf in programs(files):
        for section in elf.iter_sections():
            if not isinstance(section, GNUVerNeedSection):
                continue
            for _, versions in section.iter_versions():
                for version in versions:
                    kind, _, number = version.name.partition("_")
                    newest = NEWEST_SYMBOLS.get(kind)
                    if newest and tuple(map(int, number.split("."))) > newest:
                        found.append((name, version.name))
    return found


def needed(files: Files) -> set[tuple[str, str]]:
    """Give every library that a program needs, by program."""
    return {
        (name, str(vars(tag)["needed"]))
        for name, elf in programs(files)
        for section in elf.iter_sections()
        if isinstance(section, DynamicSection)
        for tag in section.iter_tags("DT_NEEDED")
    }


def missing(files: Files) -> set[tuple[str, str]]:
    """Give those that neither the layer has nor Lambda."""
    in_layer = {Path(name).name for name, _, _ in files}
    return {pair for pair in needed(files) if pair[1] not in in_layer | PROVIDED.keys()}
