"""How the command line is called here: for hints that work as they are printed."""

import os
import shlex

VARIABLE = "SNAPPER_PROGRAM"
"""Set by `bin/snapper` to the path that it was started by."""

PROGRAM = shlex.quote(os.environ.get(VARIABLE) or "bin/snapper")
"""What to type before a command's name."""
