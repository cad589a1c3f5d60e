"""The keys and passwords between the parts, made at the first start and kept in files that only their owner can read."""

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stack.errors import StackError
from stack.services import SERVICES

# The names in the file. A later version may add one: what is missing is made.
NAMES = ("database_owner", "valkey", "internal_key", "code_key", *(f"database_{schema}" for schema in SERVICES))


@dataclass(frozen=True)
class Credentials:
    """All secrets of one installation, but the owner's password."""

    values: dict[str, str] = field(repr=False)
    signing_key_file: Path

    @property
    def database_owner(self) -> str:
        """The password of the database's owner, who migrates."""
        return self.values["database_owner"]

    def database_role(self, schema: str) -> str:
        """Return the password of the service that owns `schema`."""
        return self.values[f"database_{schema}"]

    @property
    def valkey(self) -> str:
        """The password of Valkey."""
        return self.values["valkey"]

    @property
    def internal_key(self) -> str:
        """The key of the tokens that the services give each other."""
        return self.values["internal_key"]

    @property
    def code_key(self) -> str:
        """The key under which pairing codes are hashed."""
        return self.values["code_key"]

    def jwks(self) -> str:
        """Return the public key as a JWK set, for Envoy. Without an id: it verifies whatever id a token names."""
        key = serialization.load_pem_private_key(self.signing_key_file.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return json.dumps({"keys": [{**public, "alg": "ES256", "use": "sig"}]})


def load_credentials(directory: Path) -> Credentials:
    """Return the secrets of this installation, and make those that are missing."""
    file = directory / "credentials.json"
    known = _read(file)
    missing = {name: secrets.token_urlsafe(32) for name in NAMES if name not in known}
    if missing:
        write_private(file, json.dumps(known | missing, indent=1))
    signing_key_file = directory / "signing-key.pem"
    if not signing_key_file.exists():
        write_private(signing_key_file, _new_signing_key())
    return Credentials(known | missing, signing_key_file)


def write_private(path: Path, content: str) -> None:
    """Replace a file so that it is whole, and at no moment readable by others."""
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _read(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    try:
        values = json.loads(file.read_text())
        return {str(name): str(value) for name, value in values.items()}
    except (ValueError, AttributeError) as broken:
        raise StackError(
            f"{file} is damaged: restore it from a backup; without it the database cannot be opened"
        ) from broken


def _new_signing_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()
