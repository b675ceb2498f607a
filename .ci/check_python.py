"""Say kindly, before anything is installed, why this Python can't run Safer City.

Run by `make setup` with whatever Python is there, so it must be readable by a very old one.
"""

import sys

OLDEST, NEWEST = (3, 11), (3, 13)
found = sys.version_info[:2]

if not OLDEST <= found <= NEWEST:
    sys.exit(
        "Safer City needs Python 3.11, 3.12 or 3.13; %s is %d.%d.\n"
        "Name another one, for example: make PYTHON=python3.12 setup" % ((sys.executable,) + found)
    )

try:
    import ensurepip  # noqa: F401  # Debian and Ubuntu ship it apart
except ImportError:
    sys.exit(
        "%s can't make a virtual environment: its venv module is not installed.\n"
        "On Debian or Ubuntu: apt-get install python3-venv" % sys.executable
    )
