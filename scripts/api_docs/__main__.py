"""`python -m scripts.api_docs` writes docs/API.md; with --check it fails when the page is not what proto/ says."""

import argparse
import sys

from scripts.api_docs.contract import read_contract
from scripts.api_docs.page import page
from scripts.setup.checkout import ROOT

PAGE = ROOT / "docs" / "API.md"


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    text = page(read_contract())
    if not check:
        PAGE.write_text(text)
    elif not PAGE.is_file() or PAGE.read_text() != text:
        print("docs/API.md is not fresh; run `make gen`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
