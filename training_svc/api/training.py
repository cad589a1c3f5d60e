"""TrainingService: jobs and adapters, which this version does not have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
from assistant.training.v1 import training_pb2 as pb
from assistant.training.v1 import training_pb2_grpc

from svc_kit.errors import NotImplementedYet

Context = grpc.aio.ServicerContext[Any, Any]


class TrainingServicer(training_pb2_grpc.TrainingServiceServicer):
    """Answers UNIMPLEMENTED to all that this version does not have."""

    async def StartJob(self, request: pb.StartJobRequest, context: Context) -> pb.StartJobResponse:
        """Answer UNIMPLEMENTED."""
        raise NotImplementedYet("StartJob")

    async def ListJobs(self, request: pb.ListJobsRequest, context: Context) -> pb.ListJobsResponse:
        """Answer UNIMPLEMENTED."""
        raise NotImplementedYet("ListJobs")

    async def GetJob(self, request: pb.GetJobRequest, context: Context) -> pb.GetJobResponse:
        """Answer UNIMPLEMENTED."""
        raise NotImplementedYet("GetJob")

    async def WatchJob(self, request: pb.WatchJobRequest, context: Context) -> AsyncIterator[pb.WatchJobResponse]:
        """Answer UNIMPLEMENTED."""
        raise NotImplementedYet("WatchJob")
        yield pb.WatchJobResponse()  # makes this an async generator

    async def CancelJob(self, request: pb.CancelJobRequest, context: Context) -> pb.CancelJobResponse:
        """Answer UNIMPLEMENTED."""
        raise NotImplementedYet("CancelJob")

    async def ListAdapters(self, request: pb.ListAdaptersRequest, context: Context) -> pb.ListAdaptersResponse:
        """Answer UNIMPLEMENTED."""
        raise NotImplementedYet("ListAdapters")

    async def ActivateAdapter(self, request: pb.ActivateAdapterRequest, context: Context) -> pb.ActivateAdapterResponse:
        """Answer UNIMPLEMENTED."""
        raise NotImplementedYet("ActivateAdapter")

    async def DeactivateAdapter(
        self, request: pb.DeactivateAdapterRequest, context: Context
    ) -> pb.DeactivateAdapterResponse:
        """Answer UNIMPLEMENTED."""
        raise NotImplementedYet("DeactivateAdapter")

    async def DeleteAdapter(self, request: pb.DeleteAdapterRequest, context: Context) -> pb.DeleteAdapterResponse:
        """Answer UNIMPLEMENTED."""
        raise NotImplementedYet("DeleteAdapter")

    async def GetActiveAdapter(
        self, request: pb.GetActiveAdapterRequest, context: Context
    ) -> pb.GetActiveAdapterResponse:
        """Answer UNIMPLEMENTED."""
        raise NotImplementedYet("GetActiveAdapter")

    async def CompareAdapters(self, request: pb.CompareAdaptersRequest, context: Context) -> pb.CompareAdaptersResponse:
        """Answer UNIMPLEMENTED."""
        raise NotImplementedYet("CompareAdapters")
