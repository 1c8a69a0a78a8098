"""Which programs are found by their names: those on the PATH, and none that lies around."""

import os


def forget_the_current_folder() -> None:
    """Leave out of PATH, for us and our children, what depends on the folder that we are in.

    That is `.`, any other relative name, and an empty one: what lies there may be anybody's.
    """
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    os.environ["PATH"] = os.pathsep.join(filter(os.path.isabs, folders)) or os.defpath
