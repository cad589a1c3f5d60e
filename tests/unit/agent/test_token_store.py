"""The token: kept where only its owner can read it, and never half."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import PasswordDeleteError

from agent.credential import Credential
from agent.errors import AgentError, NotPaired
from agent.token_store import FileTokenStore, KeyringTokenStore

NOW = datetime(2026, 3, 14, tzinfo=UTC)
CREDENTIAL = Credential("https://h", "device-1", "secret.token", NOW + timedelta(days=7))


class InMemoryKeyring(KeyringBackend):
    """A keychain that forgets."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.secrets[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.secrets.pop((service, username), None) is None:
            raise PasswordDeleteError("not found")


@pytest.fixture
def keychain() -> Iterator[InMemoryKeyring]:
    before = keyring.get_keyring()
    backend = InMemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def test_a_file_keeps_a_token_for_its_owner_only(tmp_path: Path):
    path = tmp_path / "new folder" / "token"

    FileTokenStore(path).save(CREDENTIAL)

    assert FileTokenStore(path).load() == CREDENTIAL
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_new_token_takes_the_place_of_the_old_one_and_leaves_nothing_behind(tmp_path: Path):
    path = tmp_path / "token"
    path.write_text("old")
    path.chmod(0o644)

    FileTokenStore(path).save(CREDENTIAL)

    assert FileTokenStore(path).load() == CREDENTIAL
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["token"]


def test_preparing_leaves_no_file_behind(tmp_path: Path):
    FileTokenStore(tmp_path / "new" / "token").prepare()

    assert list((tmp_path / "new").iterdir()) == []


def test_no_file_is_no_token(tmp_path: Path):
    assert FileTokenStore(tmp_path / "token").load() is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_refused_and_says_why(tmp_path: Path, mode: int):
    path = tmp_path / "token"
    FileTokenStore(path).save(CREDENTIAL)
    path.chmod(mode)

    with pytest.raises(NotPaired, match=rf"read by others .*mode {mode:04o}.*chmod 600") as error:
        FileTokenStore(path).load()

    assert CREDENTIAL.token not in str(error.value)


@pytest.mark.parametrize("content", ["", "eyJ.a.b", "{}", "[]", '{"server": 1}', b"\xff\xfe", "null"])
def test_a_file_with_something_else_in_it_is_refused(tmp_path: Path, content: str | bytes):
    path = tmp_path / "token"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(0o600)

    with pytest.raises(NotPaired, match="does not hold a token"):
        FileTokenStore(path).load()


def test_a_folder_in_place_of_the_file_is_an_error_that_names_it(tmp_path: Path):
    for act in (FileTokenStore(tmp_path).prepare, lambda: FileTokenStore(tmp_path).save(CREDENTIAL)):
        with pytest.raises(AgentError, match="cannot be kept in"):
            act()
    with pytest.raises(AgentError, match="cannot be read"):
        FileTokenStore(tmp_path).load()


def test_the_keychain_keeps_one_secret_for_each_server(keychain: InMemoryKeyring):
    KeyringTokenStore("https://h").save(CREDENTIAL)

    assert KeyringTokenStore("https://h").load() == CREDENTIAL
    assert KeyringTokenStore("https://other").load() is None
    assert len(keychain.secrets) == 1


@pytest.mark.parametrize("kind", ["file", "keychain"])
def test_what_is_forgotten_is_gone(tmp_path: Path, keychain: InMemoryKeyring, kind: str):
    store = FileTokenStore(tmp_path / "token") if kind == "file" else KeyringTokenStore("https://h")
    store.save(CREDENTIAL)

    assert store.forget()
    assert store.load() is None
    assert not store.forget()


def test_a_token_that_the_keychain_keeps_is_not_said_to_be_gone(
    keychain: InMemoryKeyring, monkeypatch: pytest.MonkeyPatch
):
    store = KeyringTokenStore("https://h")
    store.save(CREDENTIAL)

    def refuse(service: str, username: str) -> None:
        raise PasswordDeleteError("Can't delete password in keychain")

    monkeypatch.setattr(keychain, "delete_password", refuse)

    with pytest.raises(AgentError, match="does not let go of the token"):
        store.forget()


def test_without_a_keychain_the_file_is_suggested(keychain: InMemoryKeyring):
    keyring.set_keyring(NoKeyring())

    store = KeyringTokenStore("https://h")
    for act in (store.prepare, store.load, lambda: store.save(CREDENTIAL), store.forget):
        with pytest.raises(AgentError, match="--token-file"):
            act()


def test_a_token_does_not_show_itself():
    assert "secret" not in repr(CREDENTIAL)


def test_a_token_is_renewed_in_its_last_two_days():
    assert not CREDENTIAL.wants_renewal(NOW + timedelta(days=4))
    assert CREDENTIAL.wants_renewal(NOW + timedelta(days=5))
    assert not CREDENTIAL.is_expired(NOW + timedelta(days=6))
    assert CREDENTIAL.is_expired(NOW + timedelta(days=7))
