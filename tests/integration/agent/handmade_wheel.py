"""A wheel of the agent without its requirements, made here: building the real one needs the network."""

import base64
import hashlib
import zipfile
from pathlib import Path

from tests.integration.agent.agent_process import ROOT

NAME = "conversation_assistant-0.1.0-py3-none-any.whl"
_INFO = "conversation_assistant-0.1.0.dist-info"
_METADATA = "Metadata-Version: 2.1\nName: conversation-assistant\nVersion: 0.1.0\nProvides-Extra: agent\n"
_WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_SCRIPTS = "[console_scripts]\nassistant-agent = agent.cli:app\n"


def write_wheel(folder: Path) -> Path:
    """Write the wheel into the folder; return its path."""
    files = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "agent").rglob("*.py")}
    generated = ROOT / "gen"
    files |= {path.relative_to(generated).as_posix(): path for path in (generated / "assistant").rglob("*.py")}
    files |= {path.relative_to(generated).as_posix(): path for path in (generated / "buf").rglob("*.py")}
    contents = {name: path.read_bytes() for name, path in files.items()}
    contents |= {
        f"{_INFO}/METADATA": _METADATA.encode(),
        f"{_INFO}/WHEEL": _WHEEL.encode(),
        f"{_INFO}/entry_points.txt": _SCRIPTS.encode(),
    }
    record = "".join(f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in contents.items())
    contents[f"{_INFO}/RECORD"] = f"{record}{_INFO}/RECORD,,\n".encode()
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / NAME, "w") as wheel:
        for name, content in contents.items():
            wheel.writestr(name, content)
    return folder / NAME


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
