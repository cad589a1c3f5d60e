"""The secrets of an installation."""

import json
import stat

import jwt
import pytest

from stack.credentials import load_credentials
from stack.errors import StackError
from stack.owner_password import OwnerPassword


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_stay_the_same_from_start_to_start(tmp_path):
    first, second = load_credentials(tmp_path), load_credentials(tmp_path)

    assert first.values == second.values
    assert first.signing_key_file.read_bytes() == second.signing_key_file.read_bytes()


def test_secrets_are_readable_by_their_owner_alone(tmp_path):
    load_credentials(tmp_path)

    assert {mode_of(file) for file in tmp_path.iterdir()} == {0o600}


def test_every_secret_is_another_one(tmp_path):
    values = load_credentials(tmp_path).values.values()

    assert len(set(values)) == len(values)
    assert min(map(len, values)) >= 32


def test_a_secret_that_a_later_version_needs_is_added(tmp_path):
    before = load_credentials(tmp_path).values
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps({name: value for name, value in before.items() if name != "code_key"}))

    after = load_credentials(tmp_path)

    assert after.code_key
    assert after.database_owner == before["database_owner"]


def test_a_damaged_file_is_not_replaced_by_new_secrets(tmp_path):
    (tmp_path / "credentials.json").write_text("{")

    with pytest.raises(StackError, match="is damaged: restore it"):
        load_credentials(tmp_path)


def test_secrets_do_not_show_in_a_traceback(tmp_path):
    credentials = load_credentials(tmp_path)

    assert credentials.internal_key not in repr(credentials)


def test_the_published_key_verifies_what_the_private_one_signs(tmp_path):
    credentials = load_credentials(tmp_path)
    token = jwt.encode({"sub": "1"}, credentials.signing_key_file.read_bytes(), algorithm="ES256")
    [public] = json.loads(credentials.jwks())["keys"]

    assert jwt.decode(token, jwt.PyJWK(public), algorithms=["ES256"]) == {"sub": "1"}
    assert "d" not in public


def test_the_password_is_the_same_until_it_has_been_told(tmp_path):
    kept = OwnerPassword(tmp_path)

    first = kept.for_this_start(None)

    assert kept.for_this_start(None) == first
    assert mode_of(kept.file) == 0o600


def test_a_password_that_was_told_is_forgotten(tmp_path):
    kept = OwnerPassword(tmp_path)
    kept.for_this_start(None)

    kept.was_told()

    assert kept.for_this_start(None) is None
    assert not kept.file.exists()


def test_the_operator_may_choose_the_password(tmp_path):
    assert OwnerPassword(tmp_path).for_this_start("chosen by hand") == "chosen by hand"
