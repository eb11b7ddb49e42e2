"""`python -m task1 VERB`."""

import sys

from task1.cli import main

sys.exit(main())
