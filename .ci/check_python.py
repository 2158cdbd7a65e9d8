"""Say what is missing in the Python that is to run Galion; must itself run on any Python."""

import sys

REMEDY = "\nInstall Python 3.11 or newer, or name one: make install PYTHON=python3.13"

if sys.version_info < (3, 11):  # noqa: UP036 - the reason for this file
    version = ".".join(str(number) for number in sys.version_info[:3])
    sys.exit(
        "Galion needs Python 3.11 or newer; " + sys.executable + " is " + version + "." + REMEDY
    )

try:
    import ensurepip  # noqa: F401 - Debian ships it apart, and venv fails without it
    import venv  # noqa: F401
except ImportError as error:
    sys.exit(
        sys.executable + " cannot make virtual environments (" + str(error) + ")."
        "\nOn Debian and Ubuntu: apt install python3-venv." + REMEDY
    )
