"""The LaunchAgent, and the conversation with launchctl; a fake launchd knows what the real one remembers."""

import plistlib
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.errors import NoService
from agent.folders import Folders
from agent.service.commands import Answer
from agent.service.launchd import LABEL, Launchd
from agent.service.manager import Service
from agent.service.ours import agent_service
from tests.unit.agent.service.plist_rules import problems_of

TARGET = f"gui/501/{LABEL}"


@dataclass
class FakeLaunchctl:
    """Implements Commands as launchctl(1): what is loaded, what is disabled, what runs."""

    has_session: bool = True
    loaded: bool = False
    disabled: bool = False
    process_id: int | None = None
    leaves_slowly: int = 0
    """How often a bootstrap meets the old service on its way out."""
    said: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, *command: str) -> Answer:
        program, verb, *arguments = command
        assert program == "/bin/launchctl"
        self.said.append((verb, *arguments))
        answer: Answer = getattr(self, f"_{verb}")(*arguments)
        return answer

    def _bootout(self, target: str) -> Answer:
        assert target == TARGET
        if not self.loaded:
            return Answer(3, "Boot-out failed: 3: No such process")
        self.loaded, self.process_id = False, None
        return Answer(0)

    def _enable(self, target: str) -> Answer:
        self.disabled = False
        return Answer(0)

    def _bootstrap(self, domain: str, path: str) -> Answer:
        assert domain == "gui/501"
        if not self.has_session:
            return Answer(125, "Bootstrap failed: 125: Domain does not support specified action")
        if self.leaves_slowly or self.loaded or self.disabled:
            self.leaves_slowly -= 1
            return Answer(5, "Bootstrap failed: 5: Input/output error")
        assert plistlib.loads(Path(path).read_bytes())["RunAtLoad"]
        self.loaded, self.process_id = True, 4711
        return Answer(0)

    def _kickstart(self, target: str) -> Answer:
        return Answer(0 if self.loaded else 113)

    def _print(self, target: str) -> Answer:
        if not self.loaded:
            return Answer(113, f'Could not find service "{LABEL}" in domain for user gui: 501')
        if self.process_id is None:
            return Answer(0, f"{target} = {{\n\tstate = not running\n\n\truns = 4\n\tlast exit code = 1\n}}")
        return Answer(0, f"{target} = {{\n\tstate = running\n\n\tpid = {self.process_id}\n\tlast exit code = 0\n}}")


@pytest.fixture
def launchctl() -> FakeLaunchctl:
    return FakeLaunchctl()


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def manager(launchctl: FakeLaunchctl, tmp_path: Path, pauses: list[float]) -> Launchd:
    return Launchd(launchctl, 501, tmp_path / "LaunchAgents", pauses.append)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    command = (sys.executable, "-I", "-m", "agent", "run", "--menu-bar", "--log-file", str(tmp_path / "logs/agent.log"))
    return Service(command, {"ASSISTANT_AGENT_HOME": str(tmp_path)}, tmp_path / "logs" / "crash.log")


def test_the_definition_is_one_that_launchd_takes(manager: Launchd, service: Service):
    path = manager.install(service)

    assert problems_of(path.read_bytes(), path.name) == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_definition_says_what_was_decided(manager: Launchd, service: Service):
    plist = plistlib.loads(manager.definition_of(service).encode())

    assert plist["ProgramArguments"] == list(service.command)
    assert plist["RunAtLoad"] is True
    assert plist["KeepAlive"] == {"SuccessfulExit": False}
    assert plist["LimitLoadToSessionType"] == "Aqua"
    assert plist["EnvironmentVariables"] == dict(service.environment)
    assert plist["StandardErrorPath"] == str(service.log_file)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda plist: plist.update(KeepAlives=True), "launchd knows no key KeepAlives"),
        (lambda plist: plist.update(RunAtLoad="yes"), "RunAtLoad may not be a str"),
        (lambda plist: plist.update(ThrottleInterval=True), "ThrottleInterval may not be a bool"),
        (lambda plist: plist.update(KeepAlive={"SuccesfulExit": False}), "KeepAlive knows no SuccesfulExit"),
        (lambda plist: plist.update(ProcessType="Quiet"), "ProcessType is none of the four"),
        (lambda plist: plist.update(UserName="root"), "UserName is not for an agent of a user"),
        (lambda plist: plist.update(ProgramArguments=["python3"]), "python3 is not the whole path of a program"),
        (lambda plist: plist.update(StandardOutPath="log"), "StandardOutPath is not a whole path"),
        (lambda plist: plist.update(EnvironmentVariables={"A": 1}), "the variable A is not a text"),
        (lambda plist: plist.update(Label="another"), f"{LABEL}.plist is not named for its label"),
    ],
)
def test_the_rules_find_what_they_are_for(
    manager: Launchd, service: Service, change: Callable[[dict[str, object]], None], problem: str
):
    plist = plistlib.loads(manager.definition_of(service).encode())
    change(plist)

    assert problem in problems_of(plistlib.dumps(plist), f"{LABEL}.plist")


def test_installing_starts_it(manager: Launchd, service: Service, launchctl: FakeLaunchctl):
    manager.install(service)

    state = manager.state()
    assert (state.installed, state.loaded, state.process_id) == (True, True, 4711)
    assert manager.command() == service.command


def test_installing_again_replaces_it(manager: Launchd, service: Service, launchctl: FakeLaunchctl):
    manager.install(service)
    manager.install(service)

    assert launchctl.loaded
    assert [said[0] for said in launchctl.said] == ["bootout", "enable", "bootstrap", "kickstart"] * 2


def test_a_service_on_its_way_out_is_waited_for(
    manager: Launchd, service: Service, launchctl: FakeLaunchctl, pauses: list[float]
):
    launchctl.leaves_slowly = 3

    manager.install(service)

    assert launchctl.loaded
    assert len(pauses) == 3


def test_a_service_that_somebody_disabled_is_enabled(manager: Launchd, service: Service, launchctl: FakeLaunchctl):
    launchctl.disabled = True

    manager.install(service)

    assert launchctl.loaded


def test_without_a_session_at_the_screen_it_says_when_it_starts(
    manager: Launchd, service: Service, launchctl: FakeLaunchctl
):
    launchctl.has_session = False

    with pytest.raises(NoService, match=r"nobody is logged in at this Mac's screen; it starts with the next login"):
        manager.install(service)

    assert manager.state().installed


def test_what_launchd_does_not_take_is_told_in_its_words(
    manager: Launchd, service: Service, launchctl: FakeLaunchctl, pauses: list[float]
):
    launchctl.leaves_slowly = 1000

    with pytest.raises(NoService, match="Input/output error"):
        manager.install(service)

    assert len(pauses) == 20


def test_a_service_that_fails_is_seen(manager: Launchd, service: Service, launchctl: FakeLaunchctl):
    manager.install(service)
    launchctl.process_id = None

    assert manager.state().note == "its last exit code was 1"


def test_uninstalling_leaves_nothing(manager: Launchd, service: Service, launchctl: FakeLaunchctl):
    path = manager.install(service)

    removed = (manager.uninstall(), manager.uninstall())

    assert removed == (True, False)
    assert not path.exists()
    assert not launchctl.loaded
    assert not manager.state().installed
    assert manager.command() == ()


def test_a_service_without_its_file_is_removed_too(manager: Launchd, service: Service, launchctl: FakeLaunchctl):
    manager.install(service).unlink()

    assert manager.uninstall()
    assert not launchctl.loaded


def test_on_a_mac_the_agent_logs_by_itself_and_shows_a_menu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    folders = Folders(tmp_path, tmp_path / "logs")

    service = agent_service(folders, {}, menu_bar=True)
    quiet = agent_service(folders, {"ASSISTANT_AGENT_HOME": str(tmp_path)}, menu_bar=False)

    assert service.command == (
        *(sys.executable, "-I", "-m", "agent", "run"),
        *("--menu-bar", "--log-file", str(tmp_path / "logs/agent.log")),
    )
    assert service.log_file == tmp_path / "logs/agent-crash.log"
    assert service.environment == {}
    assert "--menu-bar" not in quiet.command
    assert quiet.environment == {"ASSISTANT_AGENT_HOME": str(tmp_path)}
