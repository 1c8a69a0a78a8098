"""Restoring without Snapper: lines for a shell, run with the real psql and stand-ins for AWS."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from psycopg2.extensions import parse_dsn

from snapper.engines.postgresql.trying.throw_away import PostgresServer

AWS = """#!/bin/bash
# aws s3 cp s3://BUCKET/KEY FILE
key=${3#s3://*/}
exec cp "stored/$key" "$4"
"""
WORD = re.compile(r"(?<=restrict )[0-9a-f]{32}")
"""The word of chance behind which psql runs no command of a dump's."""

PULUMI = "#!/bin/bash\necho bucket\n"
JQ = f"""#!{sys.executable}
import json, sys
print(json.load(open(sys.argv[3]))[sys.argv[2][1:]])
"""


@dataclass(frozen=True)
class ByHand:
    """A folder in which somebody types lines, beside a server and a bucket."""

    folder: Path
    server: PostgresServer

    def store(self, key: str, body: bytes) -> None:
        """Put an object into the bucket."""
        place = self.folder / "stored" / key
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)

    def run(self, lines: str) -> int:
        """Run the lines as they stand, and give the exit code."""
        stand_ins = {"aws": AWS, "pulumi": PULUMI, **({} if shutil.which("jq") else {"jq": JQ})}
        for name, script in stand_ins.items():
            (self.folder / name).write_text(script)
            (self.folder / name).chmod(0o755)
        programs = self.server._programs()
        ran = subprocess.run(
            ["bash", "-c", lines],
            cwd=self.folder,
            env={
                "PATH": f"{self.folder}:{programs}/bin:{os.environ['PATH']}",
                "LD_LIBRARY_PATH": f"{programs}/lib",
                **self._place(),
            },
            check=False,
        )
        return ran.returncode

    def _place(self) -> dict[str, str]:
        """Give the server's place for lines that name none."""
        names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
        given = parse_dsn(self.server.dsn())
        return {names[name]: text for name, text in given.items() if name in names}
