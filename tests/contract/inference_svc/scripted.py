"""Stand-ins for inference_svc's neighbours: real servers that say what a test wrote."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import grpc
from assistant.inference.v1 import responses_pb2, sampling_pb2, worker_pb2, worker_pb2_grpc
from assistant.sync.v1 import conversations_pb2, conversations_pb2_grpc, messages_pb2
from assistant.training.v1 import samples_pb2, samples_pb2_grpc, training_pb2, training_pb2_grpc

from svc_kit.errors import DomainError, NotFound
from svc_kit.gate import Gate
from svc_kit.identity import Identity, current_account
from svc_kit.ids import new_id
from svc_kit.server import RunningServer, Service, running
from svc_kit.tokens import Jwks, KeyRing, TokenVerifier

INTERNAL_KEY = "an internal key of more than 32 characters"
SHA256 = "ab" * 32


class Neverland:
    """A device_svc that is asked for nothing, since only internal tokens come."""

    async def is_active(self, caller: Identity) -> bool:
        raise AssertionError("only services call here")


async def no_keys() -> Jwks:
    return {"keys": []}


def internal_gate() -> Gate:
    return Gate(TokenVerifier(KeyRing(no_keys), INTERNAL_KEY), Neverland())


@asynccontextmanager
async def serving(
    name: str, add: Callable[[grpc.aio.Server], None], listen: str = "127.0.0.1:0"
) -> AsyncIterator[RunningServer]:
    """A neighbour that admits internal tokens, as the real one does."""
    async with running(Service(name=name, listen=listen, gate=internal_gate(), add=add, serves=[])) as server:
        yield server


class ScriptedSync(conversations_pb2_grpc.ConversationsServiceServicer):
    """Knows the conversations that tests `say`."""

    def __init__(self) -> None:
        self.conversations: dict[tuple[UUID, str], conversations_pb2.GetContextResponse] = {}
        self.failure: DomainError | None = None
        self.asked: list[conversations_pb2.GetContextRequest] = []
        self.announced: list[conversations_pb2.AnnounceDraftRequest] = []
        self.deaf: list[Exception] = []

    def say(self, account_id: UUID, *texts: str, is_group: bool = False, tone: str = "", relation: str = "") -> "Said":
        """A new conversation. Texts that begin with `Me: ` are the owner's; in groups `Name: ` is the sender."""
        conversation = conversations_pb2.Conversation(
            conversation_id=str(new_id()),
            is_group=is_group,
            settings=conversations_pb2.ConversationSettings(tone=tone, relation=relation),
        )
        said = Said(self, account_id, conversation)
        for text in texts:
            said.add(text)
        return said

    async def GetContext(
        self, request: conversations_pb2.GetContextRequest, context: Any
    ) -> conversations_pb2.GetContextResponse:
        self.asked.append(request)
        if self.failure is not None:
            raise self.failure
        for (account_id, _), found in self.conversations.items():
            ids = [message.message_id for message in found.messages]
            known = request.conversation_id == found.conversation.conversation_id or request.message_id in ids
            if account_id == current_account() and known:
                upto = ids.index(request.message_id) + 1 if request.message_id else len(ids)
                start = max(0, upto - (request.max_history or 10))
                return conversations_pb2.GetContextResponse(
                    conversation=found.conversation,
                    messages=found.messages[start:upto],
                    newest_message_id=found.newest_message_id,
                )
        raise NotFound("there is no such conversation or message")

    async def AnnounceDraft(
        self, request: conversations_pb2.AnnounceDraftRequest, context: Any
    ) -> conversations_pb2.AnnounceDraftResponse:
        assert (current_account(), request.conversation_id) in self.conversations
        if self.deaf:
            raise self.deaf.pop()
        self.announced.append(request)
        return conversations_pb2.AnnounceDraftResponse()


class Said:
    """A conversation of the scripted sync_svc."""

    def __init__(self, sync: ScriptedSync, account_id: UUID, conversation: conversations_pb2.Conversation) -> None:
        self.conversation_id = conversation.conversation_id
        self._context = conversations_pb2.GetContextResponse(conversation=conversation)
        sync.conversations[account_id, self.conversation_id] = self._context

    def add(self, text: str) -> str:
        """One more message; its id."""
        mine = text.startswith("Me: ")
        sender = ""
        if mine:
            text = text.removeprefix("Me: ")
        elif self._context.conversation.is_group:
            sender, _, text = text.partition(": ")
        message_id = str(new_id())
        self._context.messages.append(
            conversations_pb2.Message(
                message_id=message_id,
                conversation_id=self.conversation_id,
                direction=messages_pb2.DIRECTION_OUTGOING if mine else messages_pb2.DIRECTION_INCOMING,
                sender_name=sender,
                text=text,
            )
        )
        self._context.newest_message_id = message_id
        return message_id

    @property
    def newest(self) -> str:
        return str(self._context.newest_message_id)

    @property
    def message_ids(self) -> list[str]:
        """The ids of all messages, oldest first."""
        return [message.message_id for message in self._context.messages]

    def unsay(self, message_id: str) -> None:
        """Delete a message."""
        kept = [message for message in self._context.messages if message.message_id != message_id]
        del self._context.messages[:]
        self._context.messages.extend(kept)
        self._context.newest_message_id = kept[-1].message_id

    def arrival(self, *, auto_draft: bool = False) -> responses_pb2.Arrival:
        """The news of the newest message."""
        message = self._context.messages[-1]
        own = message.direction == messages_pb2.DIRECTION_OUTGOING
        return responses_pb2.Arrival(
            conversation_id=self.conversation_id,
            message_id=message.message_id,
            is_own=own,
            own_text=message.text if own else "",
            auto_draft=auto_draft,
        )


# What a scripted generation does: send an event, wait for one, or fail.
Step = worker_pb2.GenerateResponse | asyncio.Event | Exception


def queued(position: int = 0, eta: float = 0.0) -> worker_pb2.GenerateResponse:
    return _progress(worker_pb2.GENERATION_STATE_QUEUED, position, eta)


def reading() -> worker_pb2.GenerateResponse:
    return _progress(worker_pb2.GENERATION_STATE_READING)


def writing() -> worker_pb2.GenerateResponse:
    return _progress(worker_pb2.GENERATION_STATE_WRITING)


def token(text: str, suggestion: int = 0) -> worker_pb2.GenerateResponse:
    return worker_pb2.GenerateResponse(token=worker_pb2.GeneratedToken(suggestion=suggestion, text=text))


def done(
    suggestion: int = 0, *, last: bool = True, mean_logprob: float = -0.25, **fields: Any
) -> worker_pb2.GenerateResponse:
    fields.setdefault("finish_reason", sampling_pb2.FINISH_REASON_STOP)
    return worker_pb2.GenerateResponse(
        done=worker_pb2.GenerationDone(
            suggestion=suggestion, last=last, mean_logprob=mean_logprob, prompt_tokens=9, completion_tokens=2, **fields
        )
    )


def reply(*pieces: str) -> list[Step]:
    """A whole generation of one suggestion."""
    return [queued(), reading(), writing(), *[token(piece) for piece in pieces], done()]


def _progress(state: Any, position: int = 0, eta: float = 0.0) -> worker_pb2.GenerateResponse:
    return worker_pb2.GenerateResponse(
        progress=worker_pb2.GenerationProgress(state=state, queue_position=position, eta_seconds=eta)
    )


class ScriptedWorker(worker_pb2_grpc.WorkerServiceServicer):
    """Says `steps` to everybody, counts a token for each four characters, and notes when it is hung up on."""

    def __init__(self) -> None:
        self.status = worker_pb2.StatusResponse(
            state=sampling_pb2.MODEL_STATE_READY,
            model_id="scripted-1b",
            display_name="Scripted 1B",
            model_sha256=SHA256,
            context_size=1000,
            prompt_style="transcript",
        )
        self.steps: Sequence[Step] = reply("Yes,", " sure.")
        self.requests: list[worker_pb2.GenerateRequest] = []
        # What is read ahead: each waits for `may_read` and fails with `illegible` if that is set.
        self.read_ahead: list[worker_pb2.PrefillRequest] = []
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.illegible: Exception | None = None
        # Adapters that were loaded; a request for one fails until it is, and loading with `unloadable` if that is set.
        self.loaded: list[worker_pb2.LoadAdapterRequest] = []
        self.unloadable: Exception | None = None
        self.forgot: list[worker_pb2.ForgetRequest] = []
        # What Forget fails with, if that is set.
        self.stubborn: Exception | None = None
        self.time_left: list[float] = []
        self.stopped = asyncio.Event()

    @property
    def prompt(self) -> str:
        """The newest prompt."""
        return "".join(part.text for part in self.requests[-1].prompt)

    async def Status(self, request: worker_pb2.StatusRequest, context: Any) -> worker_pb2.StatusResponse:
        return self.status

    async def CountTokens(self, request: worker_pb2.CountTokensRequest, context: Any) -> worker_pb2.CountTokensResponse:
        counts = [-(-len(text) // 4) for text in request.texts]
        return worker_pb2.CountTokensResponse(counts=counts, context_size=self.status.context_size)

    async def Prefill(self, request: worker_pb2.PrefillRequest, context: Any) -> worker_pb2.PrefillResponse:
        self._check_loaded(request.adapter_id)
        self.read_ahead.append(request)
        await self.may_read.wait()
        if self.illegible is not None:
            raise self.illegible
        return worker_pb2.PrefillResponse()

    async def Generate(
        self, request: worker_pb2.GenerateRequest, context: Any
    ) -> AsyncGenerator[worker_pb2.GenerateResponse, None]:
        self._check_loaded(request.adapter_id)
        self.requests.append(request)
        self.time_left.append(context.time_remaining())
        try:
            for step in self.steps:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, asyncio.Event):
                    await step.wait()
                else:
                    yield step
        except (asyncio.CancelledError, GeneratorExit):
            self.stopped.set()
            raise

    async def Forget(self, request: worker_pb2.ForgetRequest, context: Any) -> worker_pb2.ForgetResponse:
        if self.stubborn is not None:
            raise self.stubborn
        self.forgot.append(request)
        return worker_pb2.ForgetResponse()

    async def LoadAdapter(self, request: worker_pb2.LoadAdapterRequest, context: Any) -> worker_pb2.LoadAdapterResponse:
        if self.unloadable is not None:
            raise self.unloadable
        self.loaded.append(request)
        return worker_pb2.LoadAdapterResponse()

    def _check_loaded(self, adapter_id: str) -> None:
        if adapter_id and adapter_id not in [request.adapter_id for request in self.loaded]:
            raise NotFound(f"adapter {adapter_id} is not loaded")


class ScriptedTraining(samples_pb2_grpc.SamplesServiceServicer, training_pb2_grpc.TrainingServiceServicer):
    """Keeps feedback by event id, as the real one does, and counts what it is told."""

    def __init__(self) -> None:
        self.calls: list[samples_pb2.RecordFeedbackRequest] = []
        self.failures: list[Exception] = []
        # ActiveAdapters by account, and what asking for them fails with.
        self.adapters: dict[UUID, training_pb2.GetActiveAdapterResponse] = {}
        self.mute: Exception | None = None

    def events(self, response_id: str) -> list[samples_pb2.RecordFeedbackRequest]:
        return [call for call in self.calls if call.response_id == response_id]

    async def RecordFeedback(
        self, request: samples_pb2.RecordFeedbackRequest, context: Any
    ) -> samples_pb2.RecordFeedbackResponse:
        assert str(current_account()) == request.account_id
        if self.failures:
            raise self.failures.pop()
        self.calls.append(request)
        return samples_pb2.RecordFeedbackResponse(sample_id=str(new_id()))

    async def GetActiveAdapter(
        self, request: training_pb2.GetActiveAdapterRequest, context: Any
    ) -> training_pb2.GetActiveAdapterResponse:
        if self.mute is not None:
            raise self.mute
        account_id = current_account()
        adapter = self.adapters.get(account_id)
        fits = adapter is not None and adapter.adapter.base_model == request.base_model
        return adapter if adapter is not None and fits else training_pb2.GetActiveAdapterResponse()
