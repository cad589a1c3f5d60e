"""Envoy's own opinion of the configuration, in each of its shapes."""

import datetime
import json
from dataclasses import replace

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stack.edge.binary import problem_of
from stack.edge.render import write_config
from stack.edge.settings import Certificate, EdgeSettings, Upstream
from tests.integration.envoy.edge import make_ui


@pytest.fixture
def settings(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": [jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)]}))
    upstreams = {name: Upstream("127.0.0.1", 50051) for name in ("device", "sync", "inference", "training")}
    return EdgeSettings("127.0.0.1", 8080, tmp_path / "admin.sock", upstreams, jwks, make_ui(tmp_path / "ui"))


def made_certificate(directory):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
    chain, key_file = directory / "cert.pem", directory / "key.pem"
    chain.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_file.write_bytes(key.private_bytes(*plain))
    return Certificate(chain, key_file)


def test_the_usual_configuration_is_valid(settings, tmp_path):
    write_config(settings, tmp_path / "envoy.yaml")

    assert problem_of(tmp_path / "envoy.yaml") is None


def test_the_configuration_with_everything_turned_on_is_valid(settings, tmp_path):
    changes = {
        "host": "0.0.0.0",  # noqa: S104
        "certificate": made_certificate(tmp_path),
        "cors_origins": ("https://a.example", "https://b.example"),
        "trusted_hops": 1,
    }
    write_config(replace(settings, **changes), tmp_path / "envoy.yaml")

    assert problem_of(tmp_path / "envoy.yaml") is None


def test_a_broken_configuration_is_told_apart(settings, tmp_path):
    write_config(replace(settings, jwks_file=tmp_path / "missing.json"), tmp_path / "envoy.yaml")

    problem = problem_of(tmp_path / "envoy.yaml")

    assert problem is not None
    assert "missing.json" in problem
