"""What Envoy is started with."""

import pytest

from stack.credentials import load_credentials
from stack.data_directory import DataDirectory
from stack.edge.settings import Certificate
from stack.plan.addresses import Addresses
from stack.plan.front import edge_settings, envoy_part
from stack.plan.installation import Installation
from stack.services import SERVICES
from stack.settings import StackSettings


@pytest.fixture
def plan(tmp_path):
    directory = DataDirectory(tmp_path / "data")
    directory.create()

    def make(settings=None, **changes):
        known = StackSettings.model_validate(settings or {})
        return Installation(directory, known, load_credentials(directory.secrets), Addresses.choose(), {}, **changes)

    return make


def test_envoy_starts_when_every_service_can_answer(plan):
    assert set(envoy_part(plan()).needs) == set(SERVICES.values())


def test_each_service_is_reached_at_its_own_address(plan):
    installation = plan()

    upstreams = edge_settings(installation).upstreams

    assert {name: f"{upstream.host}:{upstream.port}" for name, upstream in upstreams.items()} == {
        name: installation.addresses.service(name) for name in SERVICES
    }


def test_what_the_operator_decides_reaches_envoy(plan, tmp_path):
    certificate = Certificate(tmp_path / "cert.pem", tmp_path / "key.pem")
    variables = {"ASSISTANT_CORS_ORIGINS": "https://a.example, https://b.example", "ASSISTANT_TRUSTED_PROXIES": 1}

    settings = edge_settings(plan(variables, host="192.0.2.1", port=8443, certificate=certificate))

    assert (settings.host, settings.port, settings.certificate) == ("192.0.2.1", 8443, certificate)
    assert (settings.cors_origins, settings.trusted_hops) == (("https://a.example", "https://b.example"), 1)


def test_admin_is_a_socket_in_the_data_directory_and_has_no_address(plan):
    installation = plan()

    assert edge_settings(installation).admin_socket == installation.directory.run / "envoy.sock"
    assert not [name for name in installation.addresses.as_json() if "admin" in name]


@pytest.mark.parametrize(
    ("host", "local_host", "local_url"),
    [
        ("127.0.0.1", "127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "127.0.0.1", "http://127.0.0.1:8080"),  # noqa: S104
        ("::", "::1", "http://[::1]:8080"),
        ("192.0.2.1", "192.0.2.1", "http://192.0.2.1:8080"),
    ],
)
def test_programs_on_this_machine_reach_the_public_port_whatever_it_is_bound_to(plan, host, local_host, local_url):
    installation = plan(host=host)

    assert (installation.local_host, installation.local_url) == (local_host, local_url)
