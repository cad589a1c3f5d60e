"""SamplesService: what an adapter is trained on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import grpc
from assistant.training.v1 import samples_pb2 as pb
from assistant.training.v1 import samples_pb2_grpc

from svc_kit.erasure_mapping import erasure_of
from svc_kit.errors import NotImplementedYet, PermissionDenied
from svc_kit.event_stream import with_error_event
from svc_kit.identity import current_account
from svc_kit.ids import parse_id
from svc_kit.paging import decode_page_token, encode_page_token, page_size_of
from training_svc.api.mapping import SOURCES, SOURCES_BACK, to_change, to_error_event, to_feedback, to_sample
from training_svc.domain.jsonl import pieces_of
from training_svc.sample_service import SampleService

Context = grpc.aio.ServicerContext[Any, Any]


class SamplesServicer(samples_pb2_grpc.SamplesServiceServicer):
    """Keeps training samples."""

    def __init__(self, samples: SampleService) -> None:
        self._samples = samples

    async def ListSamples(self, request: pb.ListSamplesRequest, context: Context) -> pb.ListSamplesResponse:
        """List a page of samples, newest first, with the counts of all."""
        after = decode_page_token(request.page_token)
        source = SOURCES_BACK.get(request.source)
        page = await self._samples.page(current_account(), after, page_size_of(request.page_size), source)
        last = page.samples[-1] if page.more else None
        return pb.ListSamplesResponse(
            samples=[to_sample(sample) for sample in page.samples],
            next_page_token=encode_page_token(last.created_at, last.sample_id) if last else "",
            counts=[
                pb.SampleCount(source=SOURCES[source], count=page.counts[source]) for source in sorted(page.counts)
            ],
        )

    async def CreateSample(self, request: pb.CreateSampleRequest, context: Context) -> pb.CreateSampleResponse:
        """Add a sample by hand."""
        request_id = parse_id("request_id", request.request_id) if request.request_id else None
        sample = await self._samples.add_manual(
            current_account(), request.input_context, request.expected_output, request_id
        )
        return pb.CreateSampleResponse(sample=to_sample(sample))

    async def UpdateSample(self, request: pb.UpdateSampleRequest, context: Context) -> pb.UpdateSampleResponse:
        """Change the reply or the weight of a sample."""
        sample_id = parse_id("sample_id", request.sample_id)
        sample = await self._samples.change(current_account(), sample_id, to_change(request))
        return pb.UpdateSampleResponse(sample=to_sample(sample))

    async def DeleteSample(self, request: pb.DeleteSampleRequest, context: Context) -> pb.DeleteSampleResponse:
        """Delete a sample."""
        await self._samples.delete(current_account(), parse_id("sample_id", request.sample_id))
        return pb.DeleteSampleResponse()

    async def ExportSamples(
        self, request: pb.ExportSamplesRequest, context: Context
    ) -> AsyncGenerator[pb.ExportSamplesResponse, None]:
        """Stream all samples as JSON Lines, oldest first; the last event is `done` or `error`."""
        async with aclosing(with_error_event(self._export(request), to_error_event)) as events:
            async for event in events:
                yield event

    async def _export(self, request: pb.ExportSamplesRequest) -> AsyncGenerator[pb.ExportSamplesResponse, None]:
        count = 0
        pages = self._samples.export(current_account(), include_negatives=request.include_negatives)
        async with aclosing(pages):
            async for page in pages:
                for piece in pieces_of(page):
                    yield pb.ExportSamplesResponse(jsonl=piece)
                count += len(page)
        yield pb.ExportSamplesResponse(done=pb.ExportDone(sample_count=count))

    async def BuildHistorySamples(
        self, request: pb.BuildHistorySamplesRequest, context: Context
    ) -> pb.BuildHistorySamplesResponse:
        """Answer UNIMPLEMENTED: this version has no history samples."""
        raise NotImplementedYet("BuildHistorySamples")

    async def RecordFeedback(self, request: pb.RecordFeedbackRequest, context: Context) -> pb.RecordFeedbackResponse:
        """Make a sample of what the owner did with a draft. Raises PermissionDenied for another account than the token's."""
        account_id = current_account()
        if parse_id("account_id", request.account_id) != account_id:
            raise PermissionDenied("the event is of another account than the token")
        sample_id = await self._samples.record(account_id, to_feedback(request))
        return pb.RecordFeedbackResponse(sample_id=str(sample_id or ""))

    async def EraseMessages(self, request: pb.EraseMessagesRequest, context: Context) -> pb.EraseMessagesResponse:
        """Erase what deleted messages are part of."""
        count = await self._samples.erase(current_account(), erasure_of(request.erasure))
        return pb.EraseMessagesResponse(sample_count=count)
