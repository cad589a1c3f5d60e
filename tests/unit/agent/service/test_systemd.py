"""The systemd unit, and the conversation with systemctl."""

import configparser
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.errors import NoService
from agent.folders import Folders
from agent.service.commands import NOT_FOUND, Answer, RealCommands
from agent.service.manager import Service
from agent.service.ours import agent_service
from agent.service.systemd import UNIT, Systemd


@dataclass
class FakeSystemctl:
    """Implements Commands as `systemctl --user`."""

    answers: bool = True
    starts: bool = True
    enabled: bool = False
    process_id: int = 0
    said: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, *command: str) -> Answer:
        program, user, verb, *arguments = command
        assert (program, user) == ("systemctl", "--user")
        self.said.append((verb, *arguments))
        if not self.answers:
            return Answer(1, "Failed to connect to bus: No medium found")
        match verb:
            case "enable":
                self.enabled = True
            case "disable":
                self.enabled, self.process_id = False, 0
            case "restart":
                if not self.starts:
                    return Answer(1, "Job for the unit failed.\nSee journalctl.")
                self.process_id = 4711
            case "show":
                if not self.enabled:
                    return Answer(0, "LoadState=not-found\nActiveState=inactive\nMainPID=0")
                sub = "running" if self.process_id else "auto-restart"
                result = "success" if self.process_id else "exit-code"
                return Answer(0, f"Result={result}\nMainPID={self.process_id}\nLoadState=loaded\nSubState={sub}")
        return Answer(0)


@pytest.fixture
def systemctl() -> FakeSystemctl:
    return FakeSystemctl()


@pytest.fixture
def manager(systemctl: FakeSystemctl, tmp_path: Path) -> Systemd:
    return Systemd(systemctl, tmp_path / "user")


@pytest.fixture
def service() -> Service:
    return Service((sys.executable, "-I", "-m", "agent", "run"), {"ASSISTANT_AGENT_HOME": "/home/ana/my agent"})


def parsed(unit: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit)
    return parser


def test_the_unit_is_whole(manager: Systemd, service: Service):
    unit = parsed(manager.definition_of(service))

    assert unit["Service"]["ExecStart"] == f'"{sys.executable}" "-I" "-m" "agent" "run"'
    assert unit["Service"]["Environment"] == '"ASSISTANT_AGENT_HOME=/home/ana/my agent"'
    assert unit["Service"]["Restart"] == "on-failure"
    assert unit["Install"]["WantedBy"] == "default.target"


def test_what_would_close_the_database_to_the_agent_is_not_in_it(manager: Systemd, service: Service):
    unit = parsed(manager.definition_of(service))["Service"]

    assert not {"ProtectHome", "ProtectSystem", "PrivateUsers", "PrivateTmp", "User", "DynamicUser"} & set(unit)


@pytest.mark.parametrize(
    "word", ["/home/ana/50% off/py", "/srv/$HOME/py", '/srv/a "b"/py', "/srv/back\\slash/py", "/s p/y"]
)
def test_a_path_with_characters_that_mean_something_stays_itself(manager: Systemd, word: str):
    manager.install(Service((word, "-m", "agent")))

    assert manager.command() == (word, "-m", "agent")


def test_installing_starts_it(manager: Systemd, service: Service, systemctl: FakeSystemctl):
    manager.install(service)

    state = manager.state()
    assert (state.installed, state.loaded, state.process_id) == (True, True, 4711)
    assert manager.command() == service.command
    assert systemctl.said[:3] == [("daemon-reload",), ("enable", UNIT), ("restart", UNIT)]


def test_without_a_systemd_of_the_user_it_says_what_to_run_and_leaves_the_unit(
    manager: Systemd, service: Service, systemctl: FakeSystemctl
):
    systemctl.answers = False

    with pytest.raises(NoService, match=r"no systemd of this user runs here \(Failed to connect.*: .* -I -m agent run"):
        manager.install(service)

    assert manager.state().installed
    assert manager.state().note == "no systemd of this user runs here"


def test_without_systemctl_it_is_the_same(tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NoService, match="systemctl is not on this machine"):
        Systemd(RealCommands(), tmp_path).install(service)


def test_a_unit_that_does_not_start_is_told(manager: Systemd, service: Service, systemctl: FakeSystemctl):
    systemctl.starts = False

    with pytest.raises(NoService, match="systemd does not start it \\(Job for the unit failed"):
        manager.install(service)


def test_a_service_that_fails_is_seen(manager: Systemd, service: Service, systemctl: FakeSystemctl):
    manager.install(service)
    systemctl.process_id = 0

    assert manager.state().note == "auto-restart, exit-code"


def test_uninstalling_leaves_nothing(manager: Systemd, service: Service, systemctl: FakeSystemctl):
    path = manager.install(service)

    removed = (manager.uninstall(), manager.uninstall())

    assert removed == (True, False)
    assert not path.exists()
    assert not systemctl.enabled


def test_what_enabling_made_is_removed_without_a_systemd_too(manager: Systemd, service: Service):
    path = manager.install(service)
    link = path.parent / "default.target.wants" / path.name
    link.parent.mkdir()
    link.symlink_to(path)

    manager.uninstall()

    assert not link.is_symlink()


def test_a_program_that_is_not_there_is_an_answer():
    assert RealCommands().run("no-such-program-anywhere").status == NOT_FOUND


def test_on_linux_the_journal_keeps_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "platform", "linux")

    service = agent_service(Folders(tmp_path, tmp_path), {"XDG_CONFIG_HOME": "/c", "SECRET": "x"}, menu_bar=True)

    assert service.command == (sys.executable, "-I", "-m", "agent", "run")
    assert service.environment == {"XDG_CONFIG_HOME": "/c"}
    assert service.log_file is None
