"""``python -m dualgap`` is ``dualgap``."""

import sys

from dualgap.cli import main

if __name__ == "__main__":
    sys.exit(main())
