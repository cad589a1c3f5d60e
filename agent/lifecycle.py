"""Runs an agent for years: it reports whatever stops it, and tries again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final

from agent.controls import Controls
from agent.credential import Credential
from agent.errors import AgentError, NotPaired
from agent.reporting import Reporter, Trouble
from agent.settings import Settings
from agent.token_store import TokenStore
from agent.troubles import trouble_of

# Seconds between two looks at what a person may have changed. Short enough to seem at once, long enough to cost nothing.
LOOK_SECONDS: Final = 5.0
# Seconds; a keychain that was closed to the agent may ask its owner each time.
LOOK_AT_CLOSED_STORE_SECONDS: Final = 600.0


@dataclass
class TokenInUse:
    """Implements TokenStore over another one, and knows which token was last taken out or put in."""

    store: TokenStore
    token: str = field(default="", repr=False)

    def prepare(self) -> None:
        """See whether a token can be kept. Raises AgentError when not."""
        self.store.prepare()

    def load(self) -> Credential | None:
        """Return the credential that is kept, and remember its token. Raises NotPaired or AgentError."""
        credential = self.store.load()
        self.token = credential.token if credential else ""
        return credential

    def save(self, credential: Credential) -> None:
        """Keep the credential, and remember its token. Raises AgentError."""
        self.store.save(credential)
        self.token = credential.token

    def forget(self) -> bool:
        """Remove the credential; return whether there was one. Raises AgentError."""
        self.token = ""
        return self.store.forget()


@dataclass(frozen=True)
class Work:
    """What is to be done, as the settings say it now."""

    settings: Settings
    server: str
    store: TokenStore
    pairing: int = 0
    """Another number after each pairing and each reset."""

    def is_still(self, now: "Work") -> bool:
        """Return whether settings and pairing are the same as `now`."""
        return (self.settings, self.pairing) == (now.settings, now.pairing)


class AgentLifecycle:
    """Starts `follow` when the settings and a token allow it, and again after they changed.

    `look_seconds` is the time between two looks at settings and token. `run` ends only by cancellation or by an error that
    is no AgentError.
    """

    def __init__(
        self,
        read_work: Callable[[], Work],
        follow: Callable[[Work, Credential], Awaitable[None]],
        reporter: Reporter,
        controls: Controls,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._read_work = read_work
        self._follow = follow
        self._reporter = reporter
        self._controls = controls
        self._look_seconds = look_seconds
        self._refused: tuple[str, str] | None = None
        """The token that the server refused, and its words."""
        self._settings_are_wrong = False

    async def run(self) -> None:
        """Follow the database for as long as it is possible; where it is not, report why and look again."""
        self._controls.attach()
        while True:
            wait = self._look_seconds
            try:
                work = self._read()
                if work is not None:
                    await self._work(work, TokenInUse(work.store))
            except _SettingsChanged:
                continue
            except NotPaired as error:
                self._reporter.trouble(Trouble.NOT_PAIRED, str(error))
            except _StoreClosed as error:
                self._reporter.trouble(Trouble.NOT_PAIRED, str(error))
                wait = max(wait, LOOK_AT_CLOSED_STORE_SECONDS)
            except AgentError as error:
                self._reporter.trouble(trouble_of(error), str(error))
            await self._controls.wait(wait)

    async def _work(self, work: Work, in_use: TokenInUse) -> None:
        credential = self._credential(work, in_use)
        following = asyncio.ensure_future(self._follow(replace(work, store=in_use), credential))
        changed = asyncio.ensure_future(self._settings_change(work))
        try:
            await asyncio.wait((following, changed), return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                following.result()
            raise _SettingsChanged
        except NotPaired as error:
            self._refused = (in_use.token, str(error))
            raise NotPaired(f"{error}; pair again: assistant-agent pair") from error
        finally:
            for task in (following, changed):
                task.cancel()
            await asyncio.gather(following, changed, return_exceptions=True)

    def _credential(self, work: Work, in_use: TokenInUse) -> Credential:
        try:
            credential = in_use.load()
        except NotPaired:
            raise
        except AgentError as error:
            raise _StoreClosed(str(error)) from error
        if credential is None:
            raise NotPaired("this Mac is not paired; run: assistant-agent pair")
        if credential.server != work.server:
            # Whoever holds a token can act with it, so it goes to nobody else.
            raise NotPaired(f"the token is for {credential.server}, not for {work.server}; run: assistant-agent pair")
        if self._refused is not None and self._refused[0] == credential.token:
            raise NotPaired(f"{self._refused[1]}; pair again: assistant-agent pair")
        return credential

    async def _settings_change(self, work: Work) -> None:
        """Return when the settings or the pairing are not those of the work at hand any more."""
        while True:
            await asyncio.sleep(self._look_seconds)
            now = self._read()
            if now is not None and not work.is_still(now):
                return

    def _read(self) -> Work | None:
        """Return what is to be done, or None where that is half written or wrong, and told to the person."""
        try:
            work = self._read_work()
        except AgentError as error:
            self._settings_are_wrong = True
            self._reporter.trouble(Trouble.WRONG_SETTING, str(error))
            return None
        if self._settings_are_wrong:
            self._settings_are_wrong = False
            self._reporter.well()
        return work


class _SettingsChanged(Exception):
    pass


class _StoreClosed(AgentError):
    pass
