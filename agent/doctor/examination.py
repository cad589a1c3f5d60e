"""The whole examination, in the order in which things depend on each other."""

from collections.abc import Callable

from agent.credential import Credential
from agent.doctor.database import examine_address_book, examine_database
from agent.doctor.finding import Finding, Level
from agent.doctor.full_disk_access import how_to_allow
from agent.doctor.installation import examine_agent, examine_logs, examine_menu_bar, examine_service
from agent.doctor.server import examine_server, examine_token
from agent.errors import AgentError
from agent.folders import Folders
from agent.server_url import ServerUrl
from agent.service import ServiceManager
from agent.settings import Settings
from agent.token_store import TokenStore


async def examine(
    folders: Folders,
    manager: ServiceManager,
    read_settings: Callable[[], Settings],
    store_for: Callable[[Settings, ServerUrl], TokenStore],
) -> list[Finding]:
    """Look at everything; what cannot be looked at because something before it failed is left out."""
    command = manager.command()

    def allow() -> str:
        return how_to_allow(command)

    try:
        settings = read_settings()
        findings = [_settings_finding(folders)]
    except AgentError as error:
        settings = Settings()
        findings = [Finding("settings", Level.FAIL, str(error), "correct the file; the rest was looked at without it")]
    findings += examine_database(settings.chat_db, allow)
    findings.append(examine_address_book(settings.address_book_folder, allow))
    findings += await _server_findings(folders, settings, store_for)
    findings += [examine_service(manager), examine_agent(folders, allow()), examine_logs(folders.logs)]
    menu_bar = examine_menu_bar(command)
    return [*findings, menu_bar] if menu_bar else findings


def _settings_finding(folders: Folders) -> Finding:
    path = folders.settings_file
    return Finding("settings", Level.OK, str(path) if path.exists() else f"none in {path}; the defaults hold")


async def _server_findings(
    folders: Folders, settings: Settings, store_for: Callable[[Settings, ServerUrl], TokenStore]
) -> list[Finding]:
    try:
        server = settings.server_url(folders.settings_file)
    except AgentError as error:
        return [Finding("server", Level.FAIL, str(error), "assistant-agent pair --server https://…")]
    look = await examine_server(server, settings.ca_file)
    credential = _credential(store_for(settings, server), server)
    if isinstance(credential, Credential):
        credential = await examine_token(server, settings.ca_file, credential, rest_answers=look.answers)
    return [*look.findings, credential]


def _credential(store: TokenStore, server: ServerUrl) -> Credential | Finding:
    try:
        credential = store.load()
    except AgentError as error:
        return Finding("token", Level.FAIL, str(error), "assistant-agent pair")
    if credential is None:
        return Finding("token", Level.FAIL, "this Mac is not paired", "assistant-agent pair")
    if credential.server != str(server):
        return Finding("token", Level.FAIL, f"it is for {credential.server}, not for {server}", "assistant-agent pair")
    return credential
