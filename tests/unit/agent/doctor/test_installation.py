"""What the doctor finds of the service, of the process, and of the files."""

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.doctor.finding import Finding, Level
from agent.doctor.installation import examine_agent, examine_logs, examine_menu_bar, examine_service
from agent.folders import Folders
from agent.reporting import Trouble
from agent.running_agent import RunningAgent
from agent.service import Service, ServiceState
from agent.status.record import Status
from agent.status.reporter import StatusReporter

DEFINITION = Path("/tmp/definition")


@dataclass
class Manager:
    """Implements ServiceManager; says what a test lets it say."""

    says: ServiceState = field(default_factory=lambda: ServiceState(DEFINITION))
    starts: tuple[str, ...] = (sys.executable, "-m", "agent")
    name: str = "launchd"

    def definition_of(self, service: Service) -> str:
        return ""

    def install(self, service: Service) -> Path:
        return DEFINITION

    def uninstall(self) -> bool:
        return False

    def state(self) -> ServiceState:
        return self.says

    def command(self) -> tuple[str, ...]:
        return self.starts


@pytest.mark.parametrize(
    ("state", "level", "says"),
    [
        (ServiceState(DEFINITION), Level.WARN, "not installed"),
        (ServiceState(DEFINITION, installed=True), Level.FAIL, "has not loaded it"),
        (ServiceState(DEFINITION, installed=True, note="no systemd"), Level.FAIL, "no systemd"),
        (ServiceState(DEFINITION, True, True, note="its last exit code was 1"), Level.FAIL, "last exit code was 1"),
        (ServiceState(DEFINITION, True, True, 4711), Level.OK, "process 4711"),
    ],
)
def test_each_state_of_a_service(state: ServiceState, level: Level, says: str):
    finding = examine_service(Manager(state))

    assert finding.level is level
    assert says in finding.saw


def test_a_service_whose_python_is_gone_is_told():
    finding = examine_service(Manager(ServiceState(DEFINITION, True, True, 4711), ("/gone/python3",)))

    assert finding.level is Level.FAIL
    assert "/gone/python3" in finding.saw


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "home", tmp_path / "logs")


@pytest.fixture
def running(folders: Folders) -> Iterator[StatusReporter]:
    with RunningAgent(folders.lock_file):
        yield StatusReporter(folders.status_file, Status(process_id=os.getpid()), 300)


def test_no_agent_is_told(folders: Folders):
    assert examine_agent(folders, "").level is Level.WARN


def test_a_well_agent_is_well(folders: Folders, running: StatusReporter):
    assert examine_agent(folders, "") == Finding("agent", Level.OK, f"process {os.getpid()} is starting")


def test_an_agent_that_may_not_read_is_seen_where_a_terminal_may(folders: Folders, running: StatusReporter):
    running.trouble(Trouble.CANNOT_READ, "macOS does not let this program read")

    finding = examine_agent(folders, "allow it")

    assert finding.level is Level.FAIL
    assert "macOS does not let" in finding.saw
    assert finding.do == "allow it"


@pytest.mark.parametrize("what", [Trouble.CLOCK_SKEW, Trouble.TOKEN_NOT_SAVED])
def test_what_keeps_nothing_from_being_synced_is_a_warning(folders: Folders, running: StatusReporter, what: Trouble):
    running.trouble(what, "so")

    assert examine_agent(folders, "").level is Level.WARN


def test_large_logs_are_told(folders: Folders):
    none = examine_logs(folders.logs)
    folders.logs.mkdir()
    with (folders.logs / "agent.log").open("wb") as file:
        file.truncate(30_000_000)

    assert none.level is Level.OK
    assert examine_logs(folders.logs).level is Level.WARN
    assert "30.0 MB" in examine_logs(folders.logs).saw


@pytest.mark.parametrize(
    ("framework", "version", "level"),
    [("Python", "26.1", Level.WARN), ("Python", "15.5", Level.OK), ("", "26.1", Level.OK)],
)
def test_a_python_that_draws_no_menu_is_told(
    monkeypatch: pytest.MonkeyPatch, framework: str, version: str, level: Level
):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(sys, "_framework", framework)
    monkeypatch.setattr(platform, "mac_ver", lambda: (version, ("", "", ""), ""))

    finding = examine_menu_bar(("python3", "--menu-bar"))

    assert finding is not None
    assert finding.level is level
    assert examine_menu_bar(("python3",)) is None
