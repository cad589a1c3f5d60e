"""Pairing: a device registers, its owner types the digits it shows, and only then does it get a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from device_svc.crypto.token_signer import Es256Signer
from device_svc.domain.clock import Clock, utc_now
from device_svc.domain.codes import CODE_LIFETIME, KeyedHash, new_code, same
from device_svc.domain.devices import Device
from device_svc.domain.registrations import Description, OpenRegistration, Registration
from device_svc.domain.tokens import DEVICE_TOKEN_LIFETIME, IssuedToken, TokenClaims
from device_svc.domain.tries import APPROVAL
from device_svc.storage.transactions import PostgresTransactions, SystemTables
from svc_kit.errors import DomainError, FailedPrecondition, NotFound, Overloaded
from svc_kit.ids import new_id

# A new code is taken by another open registration with a chance of one in ten thousand: a second try is rare, a tenth a fault.
_MAX_DRAWS = 10


@dataclass(frozen=True)
class Pairing:
    """The three steps from a stranger to a device with a token."""

    transactions: PostgresTransactions
    signer: Es256Signer
    keyed: KeyedHash
    max_open: int = 100
    clock: Clock = field(default=utc_now)

    async def register(self, described: Description) -> OpenRegistration:
        """Open a registration; one that this hardware has open already is replaced. Raises Overloaded when too many are open."""
        now = self.clock()
        expires_at = now + CODE_LIFETIME
        async with self.transactions.system() as scope:
            await scope.registrations.hold_all()
            await scope.registrations.forget_over(described.hardware_id, now)
            frees_at = await scope.registrations.earliest_expiry(self.max_open, now)
            if frees_at is not None:
                raise Overloaded(
                    "too many registrations are open; try again in some minutes",
                    retry_after=max((frees_at - now).total_seconds(), 1.0),
                    reason="TOO_MANY_REGISTRATIONS",
                )
            for _ in range(_MAX_DRAWS):
                code = new_code()
                registration = Registration(new_id(), described, self.keyed.of_code(code), expires_at, now)
                if await scope.registrations.add(registration):
                    return OpenRegistration(registration.device_id, code, expires_at)
        raise RuntimeError("no free code was drawn")

    async def approve(self, account_id: UUID, code: str) -> Device:
        """Bind the open registration with this code to the account; doing it again changes nothing.

        Raises NotFound for a code that nobody shows, and Overloaded after too many of them.
        """
        now = self.clock()
        async with self.transactions.system() as scope:
            await scope.tries.take(APPROVAL, account_id.bytes, now)
            found = await scope.registrations.hold_by_code(self.keyed.of_code(code), now)
            if found is not None and found.approved_account_id in (None, account_id):
                await scope.tries.give_back(APPROVAL, account_id.bytes)
                return await self._bind(scope, found, account_id)
        # Only here, after the commit: an error inside would take back the count.
        raise NotFound("no device shows this code now; look at the device, or begin the pairing again")

    async def _bind(self, scope: SystemTables, found: Registration, account_id: UUID) -> Device:
        now = self.clock()
        rows = await scope.for_account(account_id)
        if found.approved_account_id is None:
            await scope.registrations.approve(found.device_id, account_id, now)
            return await rows.devices.approve(found.device_id, found.description, now)
        device = await rows.devices.by_hardware(found.description.hardware_id)
        assert device is not None, "an approved registration has its device"
        return device

    async def verify(self, device_id: UUID, code: str) -> IssuedToken:
        """Give an approved device its token, once.

        Raises FailedPrecondition PENDING_APPROVAL until it is approved, and NotFound for everything that is wrong.
        """
        now = self.clock()
        async with self.transactions.system() as scope:
            # Counted before it is compared: many guesses at the same moment count as many.
            found = await scope.registrations.take_try(device_id, now)
            refusal = self._refusal(found, code)
            if found is not None and found.approved_account_id is not None and refusal is None:
                issued = await self._hand_over(scope, found, found.approved_account_id)
                if issued is not None:
                    return issued
                refusal = _unknown()
            elif found is not None and isinstance(refusal, FailedPrecondition):
                # The device waits and asks again and again; only wrong codes count.
                await scope.registrations.give_try_back(device_id)
        assert refusal is not None
        raise refusal

    def _refusal(self, found: Registration | None, code: str) -> DomainError | None:
        if found is None or not same(found.code_hash, self.keyed.of_code(code)):
            return _unknown()
        if found.approved_account_id is None:
            return FailedPrecondition("PENDING_APPROVAL", "the owner has not typed the code yet")
        return None

    async def _hand_over(self, scope: SystemTables, found: Registration, account_id: UUID) -> IssuedToken | None:
        now = self.clock()
        rows = await scope.for_account(account_id)
        device = await rows.devices.by_hardware(found.description.hardware_id)
        await scope.registrations.use(found.device_id, now)
        if device is None or device.deactivated_at is not None:
            return None  # its owner changed his mind between the approval and now
        claims = TokenClaims("device", account_id, device.device_id, new_id(), now, now + DEVICE_TOKEN_LIFETIME)
        await rows.devices.verify(device.device_id, found.description, now)
        await rows.tokens.revoke_all(device.device_id, now)
        await rows.tokens.add(device.device_id, claims.token_id, now, claims.expires_at)
        return IssuedToken(self.signer.sign(claims), claims.expires_at)


def _unknown() -> NotFound:
    return NotFound("there is no open registration with this id and code; begin the pairing again")
