"""`assistant-agent doctor`."""

import json
from dataclasses import asdict

import typer
from rich.console import Console
from rich.text import Text

from agent.cli.options import CaFileOption, ChatDbOption, JsonOption, ServerOption, TokenFileOption, chosen, token_store
from agent.cli.running import plain_errors, run_to_the_end
from agent.doctor import Finding, Level, examine
from agent.errors import ExitCode
from agent.folders import Folders
from agent.service import service_manager

_COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}


def doctor(
    server: ServerOption = None,
    chat_db: ChatDbOption = None,
    token_file: TokenFileOption = None,
    ca_file: CaFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find out what is wrong: tries what the agent would do, and says of each thing what to do about it. Changes nothing."""
    with plain_errors():
        findings = run_to_the_end(
            examine(
                Folders.of(),
                service_manager(),
                lambda: chosen(server=server, chat_db=chat_db, token_file=token_file, ca_file=ca_file).settings,
                token_store,
            )
        )
    is_well = all(finding.level is not Level.FAIL for finding in findings)
    if as_json:
        checks = [asdict(finding) for finding in findings]
        typer.echo(json.dumps({"format": 1, "ok": is_well, "checks": checks}, indent=1, ensure_ascii=False))
    else:
        _show(findings, Console(highlight=False))
    raise typer.Exit(0 if is_well else ExitCode.FAILED)


def _show(findings: list[Finding], console: Console) -> None:
    for finding in findings:
        line = Text(f"{finding.level:<5}", style=_COLOURS[finding.level])
        line.append(f"{finding.check:<13}", style="bold").append(finding.saw, style="default")
        console.print(line, soft_wrap=True)
        if finding.do and finding.level is not Level.OK:
            console.print(Text(f"{'':18}→ {finding.do}"), soft_wrap=True)
