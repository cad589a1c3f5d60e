"""The key file, and what is published of it."""

import json
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from device_svc.crypto.signing_key import SigningKey, UnusableKey, load_signing_key
from device_svc.jwks import write_jwks
from tests.device_service import write_signing_key


def test_the_public_half_verifies_what_the_private_half_signs(tmp_path: Path):
    key = load_signing_key(write_signing_key(tmp_path / "key.pem"))
    token = jwt.encode({"a": 1}, key.private, algorithm="ES256")

    assert jwt.decode(token, jwt.PyJWK(key.jwk), algorithms=["ES256"]) == {"a": 1}
    assert "d" not in key.jwk


def test_the_same_key_has_the_same_id_and_another_another(tmp_path: Path):
    path = write_signing_key(tmp_path / "one.pem")
    other = load_signing_key(write_signing_key(tmp_path / "two.pem"))

    assert load_signing_key(path).jwk["kid"] == load_signing_key(path).jwk["kid"] != other.jwk["kid"]


def test_the_id_is_the_thumbprint_of_rfc_7638():
    # The key of RFC 7515, appendix A.3, whose thumbprint is known.
    number = int.from_bytes(jwt.utils.base64url_decode("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"), "big")
    jwk = SigningKey(ec.derive_private_key(number, ec.SECP256R1())).jwk

    assert jwk["x"] == "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
    assert jwk["kid"] == "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int):
    path = write_signing_key(tmp_path / "key.pem")
    path.chmod(mode)

    with pytest.raises(UnusableKey, match="chmod 600"):
        load_signing_key(path)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(UnusableKey, match="nothing"):
        load_signing_key(tmp_path / "nothing.pem")


@pytest.mark.parametrize("kind", ["text", "encrypted", "other curve", "ed25519"])
def test_what_is_no_p256_key_is_refused(tmp_path: Path, kind: str):
    p256 = ec.generate_private_key(ec.SECP256R1())
    form = (Encoding.PEM, PrivateFormat.PKCS8)
    content = {
        "text": b"hello",
        "encrypted": p256.private_bytes(*form, BestAvailableEncryption(b"password")),
        "other curve": ec.generate_private_key(ec.SECP384R1()).private_bytes(*form, NoEncryption()),
        "ed25519": ed25519.Ed25519PrivateKey.generate().private_bytes(*form, NoEncryption()),
    }[kind]
    path = tmp_path / "key.pem"
    path.touch(0o600)
    path.write_bytes(content)

    with pytest.raises(UnusableKey, match="is not"):
        load_signing_key(path)


def test_the_key_set_is_replaced_whole(tmp_path: Path):
    target = tmp_path / "jwks.json"
    target.write_text("old")

    write_jwks(write_signing_key(tmp_path / "key.pem"), target)

    assert json.loads(target.read_text()) == load_signing_key(tmp_path / "key.pem").jwks
    assert sorted(path.name for path in tmp_path.iterdir()) == ["jwks.json", "key.pem"]
