"""The session cookie."""

from http.cookies import SimpleCookie

from device_svc.api.cookies import SessionCookie


def test_it_is_hidden_from_scripts_and_other_sites():
    assert SessionCookie(secure=False).holding("a.b.c", 60) == (
        "set-cookie",
        "assistant_session=a.b.c; Path=/; HttpOnly; SameSite=Strict; Max-Age=60",
    )


def test_it_is_secure_where_the_connection_is():
    assert SessionCookie(secure=True).holding("t", 60)[1].endswith("; Secure")


def test_it_is_cleared_under_the_same_path():
    cleared = SimpleCookie(SessionCookie(secure=False).cleared()[1])["assistant_session"]

    assert (cleared.value, cleared["path"], cleared["max-age"]) == ("", "/", "0")
