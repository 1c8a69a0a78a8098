"""How a Python of ours is started: isolated, so that it runs nothing but the clone's own modules.

-I leaves out the current folder, PYTHONPATH and all other PYTHON variables, and the packages of the
user's home; -u stands for PYTHONUNBUFFERED. What it may know of our environment is for who starts
it.
"""

import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[2]

LIBRARIES = (
    str(sysconfig.get_config_var("LIBDIR")) if sysconfig.get_config_var("Py_ENABLE_SHARED") else ""
)
"""Where a Python that is a library lies, which the system may not know, as in Lambda."""

_ENTER = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1));"
    " runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def environment(*libraries: str) -> dict[str, str]:
    """Give the variable by which a program finds these folders of libraries, and Python its own."""
    folders = [each for each in (*libraries, LIBRARIES) if each]
    return {"LD_LIBRARY_PATH": ":".join(folders)} if folders else {}


def running(module: str, *arguments: str) -> list[str]:
    """Give what a Python is told to run one of our modules, as `-m` would in the clone."""
    return ["-I", "-u", "-c", _ENTER, str(ROOT), module, *arguments]


def running_alone(file: str | Path, *arguments: str) -> list[str]:
    """Give what a Python is told to run a file of ours that imports no other module of ours."""
    return ["-I", "-u", str(file), *arguments]
