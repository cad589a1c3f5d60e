"""`python -m device_svc.jwks TARGET`: the public keys of ASSISTANT_SIGNING_KEY_FILE as a file, for Envoy to verify tokens with."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from device_svc.crypto.signing_key import UnusableKey, load_signing_key


def write_jwks(key_file: Path, target: Path) -> None:
    """Write the JWK set to `target`, whole or not at all. Raises UnusableKey."""
    content = json.dumps(load_signing_key(key_file).jwks, indent=2) + "\n"
    handle, unfinished = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(content)
    path = Path(unfinished)
    path.chmod(0o644)  # public keys, read by whoever Envoy runs as
    path.replace(target)


def main() -> None:
    """Read the arguments and write."""
    parser = argparse.ArgumentParser(prog="python -m device_svc.jwks", description=__doc__)
    parser.add_argument("target", type=Path)
    target: Path = parser.parse_args().target
    key_file = os.environ.get("ASSISTANT_SIGNING_KEY_FILE")
    if not key_file:
        sys.exit("ASSISTANT_SIGNING_KEY_FILE: set it to the PEM file of the signing key")
    try:
        write_jwks(Path(key_file), target)
    except UnusableKey as error:
        sys.exit(f"ASSISTANT_SIGNING_KEY_FILE: {error}")


if __name__ == "__main__":
    main()
