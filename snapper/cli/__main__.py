"""`python -m snapper.cli`: what `bin/snapper` runs."""

import sys

from snapper.cli.app import main

sys.exit(main(sys.argv[1:]))
