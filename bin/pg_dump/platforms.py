"""The kinds of machine that PostgreSQL is fetched for."""

import platform
import sys
from enum import StrEnum

from snapper.errors import SnapperError


class Platform(StrEnum):
    """A machine, named as in lock.toml."""

    LINUX_ARM64 = "linux-arm64"
    LINUX_X86_64 = "linux-x86_64"
    MACOS_ARM64 = "macos-arm64"
    MACOS_X86_64 = "macos-x86_64"

    @property
    def wheel_tag(self) -> str:
        """The platform tag that the wheel carries for this machine."""
        return _TAGS[self]

    @classmethod
    def here(cls) -> "Platform":
        """Give the machine that we run on; a SnapperError when there are no wheels for it."""
        system = {"linux": "linux", "darwin": "macos"}.get(sys.platform, sys.platform)
        machine = {"aarch64": "arm64", "amd64": "x86_64"}.get(
            platform.machine().lower(), platform.machine().lower()
        )
        try:
            return cls(f"{system}-{machine}")
        except ValueError:
            raise SnapperError(
                f"there are no PostgreSQL binaries for {system}-{machine}",
                hint=f"use one of {', '.join(cls)}",
            ) from None

    @classmethod
    def of_lambda(cls, architecture: str) -> "Platform":
        """Give the machine behind a Lambda architecture, arm64 or x86_64."""
        return cls(f"linux-{architecture}")


_TAGS = {
    Platform.LINUX_ARM64: "manylinux_2_17_aarch64",
    Platform.LINUX_X86_64: "manylinux_2_17_x86_64",
    Platform.MACOS_ARM64: "macosx_11_0_arm64",
    Platform.MACOS_X86_64: "macosx_10_9_x86_64",
}
