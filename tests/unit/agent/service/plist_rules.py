"""What `plutil -lint` and launchd.plist(5) would say of a LaunchAgent, as far as the manual page says it."""

import plistlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Every key of launchd.plist(5), with the types of its value.
KEYS: dict[str, tuple[type, ...]] = {
    "Label": (str,),
    "Disabled": (bool,),
    "UserName": (str,),
    "GroupName": (str,),
    "inetdCompatibility": (dict,),
    "LimitLoadToHosts": (list,),
    "LimitLoadFromHosts": (list,),
    "LimitLoadToSessionType": (str, list),
    "LimitLoadToHardware": (dict,),
    "LimitLoadFromHardware": (dict,),
    "Program": (str,),
    "BundleProgram": (str,),
    "ProgramArguments": (list,),
    "EnableGlobbing": (bool,),
    "EnableTransactions": (bool,),
    "EnablePressuredExit": (bool,),
    "KeepAlive": (bool, dict),
    "RunAtLoad": (bool,),
    "RootDirectory": (str,),
    "WorkingDirectory": (str,),
    "EnvironmentVariables": (dict,),
    "Umask": (int, str),
    "TimeOut": (int,),
    "ExitTimeOut": (int,),
    "ThrottleInterval": (int,),
    "InitGroups": (bool,),
    "WatchPaths": (list,),
    "QueueDirectories": (list,),
    "StartOnMount": (bool,),
    "StartInterval": (int,),
    "StartCalendarInterval": (dict, list),
    "StandardInPath": (str,),
    "StandardOutPath": (str,),
    "StandardErrorPath": (str,),
    "Debug": (bool,),
    "WaitForDebugger": (bool,),
    "SoftResourceLimits": (dict,),
    "HardResourceLimits": (dict,),
    "Nice": (int,),
    "ProcessType": (str,),
    "AbandonProcessGroup": (bool,),
    "LowPriorityIO": (bool,),
    "LowPriorityBackgroundIO": (bool,),
    "MaterializeDatalessFiles": (bool,),
    "LaunchOnlyOnce": (bool,),
    "MachServices": (dict,),
    "Sockets": (dict,),
    "LaunchEvents": (dict,),
    "HopefullyExitsLast": (bool,),
    "HopefullyExitsFirst": (bool,),
    "SessionCreate": (bool,),
    "LegacyTimers": (bool,),
    "AssociatedBundleIdentifiers": (str, list),
}
KEEP_ALIVE = {"SuccessfulExit", "Crashed", "NetworkState", "PathState", "OtherJobEnabled", "AfterInitialDemand"}
PROCESS_TYPES = {"Background", "Standard", "Adaptive", "Interactive"}
SESSION_TYPES = {"Aqua", "Background", "LoginWindow", "StandardIO", "System"}
ABSOLUTE = ("WorkingDirectory", "StandardInPath", "StandardOutPath", "StandardErrorPath", "Program", "RootDirectory")
# Keys that only a daemon of root may use, or that would give up what protects the user.
NOT_FOR_AGENTS = {"UserName", "GroupName", "RootDirectory", "SessionCreate", "InitGroups"}


def problems_of(text: bytes, file_name: str) -> list[str]:
    """Return everything that is wrong with a LaunchAgent; nothing if launchd should take it."""
    try:
        plist = plistlib.loads(text)
    except Exception as error:
        return [f"it cannot be parsed: {error}"]
    if not isinstance(plist, dict):
        return ["it is no dictionary"]
    return [*_of_keys(plist), *_of_values(plist), *_of_program(plist), *_of_name(plist, file_name)]


def _of_keys(plist: dict[str, Any]) -> Iterator[str]:
    for key, value in plist.items():
        if key not in KEYS:
            yield f"launchd knows no key {key}"
        elif not isinstance(value, KEYS[key]) or (isinstance(value, bool) and bool not in KEYS[key]):
            yield f"{key} may not be a {type(value).__name__}"
        elif key in NOT_FOR_AGENTS:
            yield f"{key} is not for an agent of a user"


def _of_values(plist: dict[str, Any]) -> Iterator[str]:
    keep_alive = plist.get("KeepAlive")
    if isinstance(keep_alive, dict) and (wrong := keep_alive.keys() - KEEP_ALIVE):
        yield f"KeepAlive knows no {', '.join(sorted(wrong))}"
    if plist.get("ProcessType", "Standard") not in PROCESS_TYPES:
        yield "ProcessType is none of the four"
    if plist.get("LimitLoadToSessionType", "Aqua") not in SESSION_TYPES:
        yield "LimitLoadToSessionType is no session type"
    for key in ABSOLUTE:
        if key in plist and not Path(plist[key]).is_absolute():
            yield f"{key} is not a whole path"
    for name, value in plist.get("EnvironmentVariables", {}).items():
        if not isinstance(value, str) or not name:
            yield f"the variable {name} is not a text"


def _of_program(plist: dict[str, Any]) -> Iterator[str]:
    command = plist.get("ProgramArguments", [])
    if not command and "Program" not in plist:
        yield "it starts nothing"
    if not all(isinstance(part, str) for part in command):
        yield "an argument is not a text"
    elif command and not (Path(command[0]).is_absolute() and Path(command[0]).exists()):
        yield f"{command[0]} is not the whole path of a program"
    for key in ("StandardOutPath", "StandardErrorPath"):
        if key in plist and not Path(plist[key]).parent.is_dir():
            yield f"the folder of {key} does not exist"


def _of_name(plist: dict[str, Any], file_name: str) -> Iterator[str]:
    if file_name != f"{plist.get('Label')}.plist":
        yield f"{file_name} is not named for its label"
