"""`make setup`: bring everything the checkout needs; the second time, find that it is all there."""

import os
import sys

from scripts.setup.checkout import PYTHON
from scripts.setup.failure import SetupFailed
from scripts.setup.llama_wheel import install_llama, require_loadable
from scripts.setup.virtualenv import ensure_virtualenv, install_packages
from scripts.setup.web_ui import install_web

# What is found out and built from here on is for the Python of .venv, which may not be the one that made it.
IN_VENV = "--in-venv"


def main() -> int:
    """Run the steps in the order in which they need each other."""
    try:
        if IN_VENV not in sys.argv:
            ensure_virtualenv()
            os.execv(PYTHON, [str(PYTHON), "-m", "scripts.setup", IN_VENV])
        # Before the other packages, of which one needs it: pip would build it without a word for minutes.
        changed = install_llama()
        install_packages()
        if changed:
            require_loadable()
        install_web()
    except SetupFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; `make setup` goes on where it was", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
