"""Where the agent may connect to: encrypted, or to this machine."""

import pytest

from agent.errors import UsageError
from agent.server_url import parse_server_url


@pytest.mark.parametrize(
    ("text", "canonical", "authority"),
    [
        ("https://assistant.example.com", "https://assistant.example.com", "assistant.example.com:443"),
        ("https://assistant.example.com/", "https://assistant.example.com", "assistant.example.com:443"),
        ("https://Assistant.Example.com:443", "https://assistant.example.com", "assistant.example.com:443"),
        ("https://10.0.0.7:8443", "https://10.0.0.7:8443", "10.0.0.7:8443"),
        ("http://localhost:8080", "http://localhost:8080", "localhost:8080"),
        ("http://127.0.0.9", "http://127.0.0.9", "127.0.0.9:80"),
        ("http://[::1]:8080", "http://[::1]:8080", "[::1]:8080"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]", "[2001:db8::1]:443"),
    ],
)
def test_an_address_has_one_form(text: str, canonical: str, authority: str):
    server = parse_server_url(text)

    assert (str(server), server.authority) == (canonical, authority)


@pytest.mark.parametrize(
    "text",
    ["http://assistant.example.com", "http://192.168.1.5:8080", "http://0.0.0.0", "http://localhost.example.com"],
)
def test_http_goes_to_this_machine_only(text: str):
    with pytest.raises(UsageError, match=r"unencrypted.*use https://"):
        parse_server_url(text)


@pytest.mark.parametrize("text", ["", "assistant.example.com", "localhost:8080", "ftp://localhost", "https://"])
def test_an_address_must_be_whole(text: str):
    with pytest.raises(UsageError, match="write the whole address"):
        parse_server_url(text)


@pytest.mark.parametrize("text", ["https://h/api", "https://h?x=1", "https://h#x", "https://me:secret@h"])
def test_an_address_holds_nothing_else(text: str):
    with pytest.raises(UsageError, match="only the address itself"):
        parse_server_url(text)


@pytest.mark.parametrize("text", ["https://h:99999", "https://h:port", "https://h:", "https://h:0", "https://[::1"])
def test_a_port_or_host_that_cannot_be_is_refused(text: str):
    with pytest.raises(UsageError, match="--server"):
        parse_server_url(text)
