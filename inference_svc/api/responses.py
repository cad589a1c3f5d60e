"""ResponsesService: drafting, and acting on drafts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import grpc
from assistant.inference.v1 import responses_pb2 as pb
from assistant.inference.v1 import responses_pb2_grpc

from inference_svc.api.arrival_mapping import arrivals_of
from inference_svc.api.draft_mapping import HEARTBEAT, answer_of, error_event, event_of, response_of
from inference_svc.api.job_mapping import (
    JOB_HEARTBEAT,
    fields_of_the_draft,
    job_error_event,
    job_event,
    job_of,
    key_of,
    once_of,
)
from inference_svc.api.order_mapping import action_of, order_of
from inference_svc.arrivals.arrivals import Arrivals
from inference_svc.drafting.domain.draft_actions import DraftActions
from inference_svc.drafting.domain.drafting import Drafting
from inference_svc.drafting.domain.ports import DraftStore
from inference_svc.erasure.eraser import Eraser
from inference_svc.jobs.domain.jobs import Jobs
from svc_kit.erasure_mapping import erasure_of
from svc_kit.event_stream import HEARTBEAT_S, with_error_event, with_heartbeats
from svc_kit.identity import current_account
from svc_kit.ids import parse_id
from svc_kit.paging import decode_page_token, encode_page_token, page_size_of
from svc_kit.task_end import end_task

Context = grpc.aio.ServicerContext[Any, Any]


class ResponsesServicer(responses_pb2_grpc.ResponsesServiceServicer):
    """Drafts with the local model; nothing is ever sent."""

    def __init__(
        self,
        drafting: Drafting,
        acting: DraftActions,
        store: DraftStore,
        jobs: Jobs,
        arrivals: Arrivals,
        eraser: Eraser,
        *,
        heartbeat_seconds: float = HEARTBEAT_S,
    ) -> None:
        self._drafting = drafting
        self._acting = acting
        self._store = store
        self._jobs = jobs
        self._arrivals = arrivals
        self._eraser = eraser
        self._heartbeat_seconds = heartbeat_seconds

    async def GenerateResponse(
        self, request: pb.GenerateResponseRequest, context: Context
    ) -> pb.GenerateResponseResponse:
        """Draft and answer when it is complete."""
        order = order_of(request, current_account(), context.time_remaining())
        work = asyncio.create_task(self._drafting.draft_once(order))
        try:
            # A hang-up ends this wait for certain; inside the work, a driver could lose it.
            drafts, cached = await asyncio.shield(work)
        finally:
            await end_task(work)
        return answer_of(drafts, cached)

    def StreamResponse(
        self, request: pb.StreamResponseRequest, context: Context
    ) -> AsyncGenerator[pb.StreamResponseResponse, None]:
        """Draft token by token. Whoever abandons the stream closes it: else the model is held until the loop collects it."""
        order = order_of(request, current_account(), context.time_remaining())
        events = with_heartbeats(self._drafting.draft(order), event_of, HEARTBEAT, self._heartbeat_seconds)
        return with_error_event(events, error_event)

    async def GenerateAsync(self, request: pb.GenerateAsyncRequest, context: Context) -> pb.GenerateAsyncResponse:
        """Put a draft into the queue."""
        once = once_of(request)
        with fields_of_the_draft():
            order = order_of(request.request, current_account(), context.time_remaining())
            return pb.GenerateAsyncResponse(job=job_of(await self._jobs.accept(order, once)))

    async def GetJob(self, request: pb.GetJobRequest, context: Context) -> pb.GetJobResponse:
        """A job."""
        return pb.GetJobResponse(job=job_of(await self._jobs.get(key_of(request.job_id))))

    def WatchJob(self, request: pb.WatchJobRequest, context: Context) -> AsyncGenerator[pb.WatchJobResponse, None]:
        """A job's changes."""
        views = self._jobs.watch(key_of(request.job_id))
        events = with_heartbeats(views, job_event, JOB_HEARTBEAT, self._heartbeat_seconds)
        return with_error_event(events, job_error_event)

    async def CancelJob(self, request: pb.CancelJobRequest, context: Context) -> pb.CancelJobResponse:
        """A job's end, unless it has ended."""
        return pb.CancelJobResponse(job=job_of(await self._jobs.cancel(key_of(request.job_id))))

    async def ListResponses(self, request: pb.ListResponsesRequest, context: Context) -> pb.ListResponsesResponse:
        """A page of a conversation's drafts."""
        size = page_size_of(request.page_size)
        conversation_id = parse_id("conversation_id", request.conversation_id)
        after = decode_page_token(request.page_token)
        # One more than asked tells whether there is a next page.
        drafts = await self._store.page(current_account(), conversation_id, size + 1, after)
        token = encode_page_token(drafts[size - 1].created_at, drafts[size - 1].draft_id) if len(drafts) > size else ""
        return pb.ListResponsesResponse(
            responses=[response_of(draft) for draft in drafts[:size]], next_page_token=token
        )

    async def GetResponse(self, request: pb.GetResponseRequest, context: Context) -> pb.GetResponseResponse:
        """One draft."""
        draft_id = parse_id("response_id", request.response_id)
        (draft,) = await self._store.get(current_account(), [draft_id])
        return pb.GetResponseResponse(response=response_of(draft))

    async def NoteArrivals(self, request: pb.NoteArrivalsRequest, context: Context) -> pb.NoteArrivalsResponse:
        """What arrived."""
        await self._arrivals.note(current_account(), arrivals_of(request))
        return pb.NoteArrivalsResponse()

    async def EraseMessages(self, request: pb.EraseMessagesRequest, context: Context) -> pb.EraseMessagesResponse:
        """Erase what is kept of deleted messages."""
        counts = await self._eraser.erase(current_account(), erasure_of(request.erasure))
        return pb.EraseMessagesResponse(response_count=counts.drafts, job_count=counts.jobs)

    async def ActOnResponse(self, request: pb.ActOnResponseRequest, context: Context) -> pb.ActOnResponseResponse:
        """Accept, edit, reject."""
        draft_id = parse_id("response_id", request.response_id)
        draft = await self._acting.act(current_account(), draft_id, action_of(request))
        return pb.ActOnResponseResponse(response=response_of(draft))
