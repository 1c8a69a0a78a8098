"""The bundled PostgreSQL client tools: which majors there are, and which one serves a server."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from snapper.errors import DatabaseUnsupported, SettingsError

# What OpenSSL reads where a connection says sslrootcert=system.
_ROOTS_OF_TRUST = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True)
class ClientTools:
    """A folder with `<major>/bin/<tool>` and one `lib/` whose libpq serves all majors."""

    root: Path

    def majors(self) -> list[int]:
        """Give the majors that are there, oldest first; raise SettingsError if there is none."""
        found = sorted(
            int(folder.name)
            for folder in (self.root.iterdir() if self.root.is_dir() else ())
            if folder.name.isdecimal()
        )
        if not found:
            raise SettingsError(
                f"there are no PostgreSQL client tools in {self.root}",
                hint="the deployment ships them as a layer; run pulumi up again",
            )
        return found

    def major_for(self, server_major: int) -> int:
        """Choose the client of the server's own major; the oldest one serves older servers.

        A newer pg_dump writes settings that the server's own major cannot restore, and an older
        one refuses the server: so raises DatabaseUnsupported where there is no exact match above
        the oldest.
        """
        majors = self.majors()
        if server_major in majors:
            return server_major
        if server_major < majors[0]:
            return majors[0]
        raise DatabaseUnsupported(
            f"the server is PostgreSQL {server_major}, the newest bundled client is {majors[-1]}",
            hint="update Snapper and run pulumi up: a new release bundles the new client",
        )

    def tool(self, name: str, major: int) -> Path:
        """Give the path of a tool such as `pg_dump`."""
        return self.root / str(major) / "bin" / name

    def environment(self) -> dict[str, str]:
        """Give what a tool needs to find its libraries and the roots of trust that we use.

        Nothing else of ours is passed on.
        """
        roots = {name: os.environ[name] for name in _ROOTS_OF_TRUST if name in os.environ}
        library = str(self.root / "lib")
        return {"LD_LIBRARY_PATH": library, "PATH": "/usr/bin:/bin", "LC_ALL": "C", **roots}

    def version(self, name: str, major: int) -> str:
        """Ask a tool for its release, such as `17.11`; raise SettingsError if it cannot run."""
        path = self.tool(name, major)
        try:
            answer = subprocess.run(
                [path, "--version"],
                env=self.environment(),
                capture_output=True,
                timeout=60,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            words = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip()
            raise SettingsError(f"{path} cannot be run: {words or error}") from None
        return answer.stdout.decode().split(")")[-1].split()[0]
