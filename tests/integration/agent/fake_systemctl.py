"""A `systemctl --user` that really starts and stops one unit, for machines without systemd and for those with one."""

import sys
from pathlib import Path

PROGRAM = """\
#!{python} -I
import json, os, shlex, signal, subprocess, sys, time
from pathlib import Path

state = Path({state!r})
unit = Path(os.environ["XDG_CONFIG_HOME"], "systemd/user/conversation-assistant-agent.service")
kept = json.loads(state.read_text()) if state.exists() else {{"enabled": False, "pid": 0}}

def stop():
    if kept["pid"]:
        try:
            os.kill(kept["pid"], signal.SIGTERM)
            for _ in range(600):
                os.kill(kept["pid"], 0)
                time.sleep(0.05)
        except ProcessLookupError:
            pass
    kept["pid"] = 0

def start():
    lines = unit.read_text().splitlines()
    command = shlex.split(next(line for line in lines if line.startswith("ExecStart=")).removeprefix("ExecStart="))
    # `-I` hides the checkout, which an installed agent does not need.
    command = [part for part in command if part != "-I"]
    settings = [shlex.split(line.removeprefix("Environment="))[0] for line in lines if line.startswith("Environment=")]
    environment = {{**os.environ, **dict(setting.split("=", 1) for setting in settings)}}
    with open(str(state) + ".log", "ab") as log:
        # Through a shell that ends at once, so that nobody has to wait for the process.
        shell = subprocess.run(["/bin/sh", "-c", 'nohup "$@" >&2 </dev/null & echo $!', "sh", *command],
                               env=environment, stdout=subprocess.PIPE, stderr=log, cwd="/", check=True, text=True)
    kept["pid"] = int(shell.stdout)

match sys.argv[1:]:
    case ["--user", "daemon-reload" | "reset-failed", *_]:
        pass
    case ["--user", "enable", _]:
        kept["enabled"] = True
    case ["--user", "restart", _]:
        stop()
        start()
    case ["--user", "disable", "--now", _]:
        kept["enabled"] = False
        stop()
    case ["--user", "show", *_]:
        loaded = "loaded" if unit.exists() and kept["enabled"] else "not-found"
        print(f"LoadState={{loaded}}", f"MainPID={{kept['pid']}}", "SubState=running", sep="\\n")
    case other:
        sys.exit(f"unexpected: {{other}}")
state.write_text(json.dumps(kept))
"""


def write_fake_systemctl(folder: Path) -> Path:
    """Write the program into a folder for PATH; return that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "systemctl"
    program.write_text(PROGRAM.format(python=sys.executable, state=str(folder / "state.json")))
    program.chmod(0o755)
    return folder
