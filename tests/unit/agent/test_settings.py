"""The settings file: what it may say, and that a wrong word in it is named."""

import stat
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from agent.errors import UsageError
from agent.folders import Folders
from agent.settings import Settings
from agent.settings_file import save_settings

WHOLE = """\
# my Mac
server = "https://assistant.example.com"
name = "Studio Mac"
chat_db = "~/copy/chat.db"
address_book = "/tmp/people"
token_file = "/tmp/token"
ca_file = "/tmp/ca.pem"
interval = 60
exclude = ["+12025550150", "ana@example.com"]
since = 2024-01-01
groups = false
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "agent.toml"


def test_no_file_is_the_defaults(file: Path):
    settings = Settings.read(file)

    assert settings == Settings()
    assert settings.interval == 300
    assert settings.chat_db == Path.home() / "Library/Messages/chat.db"
    assert settings.groups


def test_every_setting_is_read(file: Path):
    file.write_text(WHOLE)

    assert Settings.read(file) == Settings(
        server="https://assistant.example.com",
        name="Studio Mac",
        chat_db=Path.home() / "copy/chat.db",
        address_book=Path("/tmp/people"),
        token_file=Path("/tmp/token"),
        ca_file=Path("/tmp/ca.pem"),
        interval=60.0,
        exclude=("+12025550150", "ana@example.com"),
        since=date(2024, 1, 1),
        groups=False,
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("server = 5", "`server` must be a text"),
        ('server = "http://assistant.example.com"', "`server` http://assistant.example.com: http would carry"),
        ('name = ""', "`name` must be a text"),
        ('chat_db = "Messages/chat.db"', "`chat_db` must be a whole path"),
        ('interval = "300"', "`interval` must be a number of seconds from 1 to 86400"),
        ("interval = 0", "`interval` must be a number"),
        ("interval = true", "`interval` must be a number"),
        ("interval = inf", "`interval` must be a number"),
        ('exclude = "+1202"', "`exclude` must be a list"),
        ("exclude = [5]", "`exclude` must be a list"),
        ('exclude = [" "]', "`exclude` must be a list"),
        ('since = "2024-01-01"', "`since` must be a date without quotation marks"),
        ("since = 10:00:00", "`since` must be a date"),
        ('groups = "no"', "`groups` must be true or false"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_key_and_the_file(file: Path, line: str, says: str):
    file.write_text(line)

    with pytest.raises(UsageError) as error:
        Settings.read(file)

    assert str(error.value).startswith(f"{file}: {says}")
    assert "\n" not in str(error.value)


def test_a_wrong_value_of_a_person_is_not_repeated(file: Path):
    file.write_text('exclude = "+12025550199"')

    with pytest.raises(UsageError) as error:
        Settings.read(file)

    assert "+12025550199" not in str(error.value)


def test_unknown_settings_are_all_named_with_what_was_meant(file: Path):
    file.write_text('intervall = 5\nserver = "https://a.example"\ncolour = "red"\n')

    with pytest.raises(UsageError, match=r"there is no setting `colour`, `intervall` \(did you mean `interval`\?\)"):
        Settings.read(file)


@pytest.mark.parametrize("content", [b"server = ", b"[", b"a = 1\na = 2", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_named(file: Path, content: bytes):
    file.write_bytes(content)

    with pytest.raises(UsageError, match=r"agent\.toml is not"):
        Settings.read(file)


def test_options_stand_in_place_of_the_file(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file.write_text(WHOLE)
    monkeypatch.chdir(tmp_path)

    settings = Settings.read(file).instead(interval=10.0, chat_db=Path("other.db"), server=None, groups=True)

    assert (settings.interval, settings.chat_db, settings.groups) == (10.0, tmp_path / "other.db", True)
    assert settings.server == "https://assistant.example.com"


def test_without_a_server_it_says_where_to_write_one(file: Path):
    with pytest.raises(UsageError, match=r"no server is set; name it with --server, or as `server` in .*agent\.toml"):
        Settings().server_url(file)


def test_the_address_book_of_the_mac_goes_with_the_messages_of_the_mac_only():
    mine = Settings()
    another = Settings(chat_db=Path("/tmp/demo/chat.db"))

    assert mine.address_book_folder == Path.home() / "Library/Application Support/AddressBook"
    assert another.address_book_folder is None
    assert another.instead(address_book=Path("/tmp/people")).address_book_folder == Path("/tmp/people")


@pytest.mark.parametrize("text", ["2024-01-01", "2024-01-01T00:00:00"])
def test_a_day_begins_at_midnight_here(file: Path, text: str):
    file.write_text(f"since = {text}")

    since = Settings.read(file).privacy().since

    assert since == datetime(2024, 1, 1).astimezone()


def test_a_moment_with_a_zone_is_that_moment(file: Path):
    file.write_text("since = 2024-01-01T12:00:00+02:00")

    assert Settings.read(file).privacy().since == datetime(2024, 1, 1, 10, tzinfo=UTC)


def test_saving_keeps_what_the_person_wrote(file: Path):
    file.write_text("# my Mac\ninterval = 60  # brisk\n\n# nobody else's business\nexclude = ['+12025550150']\n")

    changed = save_settings(file, {"server": "https://a.example", "interval": 90.0, "name": None})

    assert changed
    assert file.read_text() == (
        "# my Mac\ninterval = 90.0  # brisk\n\n# nobody else's business\nexclude = ['+12025550150']\n"
        'server = "https://a.example"\n'
    )


def test_saving_what_is_there_already_changes_nothing(file: Path):
    file.write_text(WHOLE)
    before = file.stat()

    changed = save_settings(
        file, {"interval": 60.0, "exclude": ("+12025550150", "ana@example.com"), "since": date(2024, 1, 1)}
    )

    assert not changed
    assert file.stat() == before


def test_a_new_file_is_the_owners_alone_and_can_be_read_back(tmp_path: Path):
    file = tmp_path / "new" / "agent.toml"

    save_settings(file, {"token_file": Path("/tmp/t"), "since": date(2024, 1, 1), "exclude": ("+1",), "groups": False})

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().startswith("# Settings of assistant-agent")
    read = Settings.read(file)
    assert (read.token_file, read.since, read.exclude, read.groups) == (
        Path("/tmp/t"),
        date(2024, 1, 1),
        ("+1",),
        False,
    )


def test_the_folder_is_the_one_that_the_environment_names():
    folders = Folders.of({"ASSISTANT_AGENT_HOME": "/tmp/elsewhere"})

    assert folders.settings_file == Path("/tmp/elsewhere/agent.toml")
    assert folders.log_file == Path("/tmp/elsewhere/logs/agent.log")


def test_without_one_it_is_where_the_system_keeps_settings():
    folders = Folders.of({})

    assert folders.settings_file.name == "agent.toml"
    assert folders.home.name == "conversation-assistant"
    assert Path.home() in folders.home.parents
