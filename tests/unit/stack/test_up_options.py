"""What `assistant up` refuses before it touches anything."""

from pathlib import Path

import pytest

from stack.commands.up import checked_address, checked_certificate, require_safe
from stack.edge.settings import Certificate
from stack.errors import StackError

CERTIFICATE = Certificate(Path("cert.pem"), Path("key.pem"))
EVERYWHERE = "0.0.0.0"  # noqa: S104


def test_localhost_is_the_loopback_address():
    assert checked_address("localhost") == "127.0.0.1"


def test_a_name_is_not_an_address_to_listen_on():
    with pytest.raises(StackError, match="give an IP address"):
        checked_address("example.org")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_this_machine_needs_no_certificate(host):
    require_safe(host, None, demo=False)


def test_a_network_needs_a_certificate():
    with pytest.raises(StackError, match="cross the network in the clear"):
        require_safe(EVERYWHERE, None, demo=False)


def test_a_network_is_served_with_a_certificate():
    require_safe(EVERYWHERE, CERTIFICATE, demo=False)


def test_the_demo_stays_on_this_machine():
    with pytest.raises(StackError, match="for this machine only"):
        require_safe(EVERYWHERE, CERTIFICATE, demo=True)


def test_a_certificate_without_its_key_is_refused(tmp_path):
    with pytest.raises(StackError, match="give both"):
        checked_certificate(tmp_path / "cert.pem", None)


def test_a_certificate_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(StackError, match="--tls-cert: there is no file"):
        checked_certificate(tmp_path / "cert.pem", tmp_path / "key.pem")
