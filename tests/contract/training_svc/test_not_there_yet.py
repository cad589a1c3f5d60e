"""What the contract has and this version does not."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from assistant.training.v1 import samples_pb2, training_pb2

from tests.grpc_errors import failure_of
from tests.training_service import TrainingService

ID = str(uuid4())
REQUESTS: dict[str, Any] = {
    "StartJob": training_pb2.StartJobRequest(),
    "ListJobs": training_pb2.ListJobsRequest(),
    "GetJob": training_pb2.GetJobRequest(job_id=ID),
    "WatchJob": training_pb2.WatchJobRequest(job_id=ID),
    "CancelJob": training_pb2.CancelJobRequest(job_id=ID),
    "ListAdapters": training_pb2.ListAdaptersRequest(),
    "ActivateAdapter": training_pb2.ActivateAdapterRequest(adapter_id=ID),
    "DeactivateAdapter": training_pb2.DeactivateAdapterRequest(adapter_id=ID),
    "DeleteAdapter": training_pb2.DeleteAdapterRequest(adapter_id=ID),
    "GetActiveAdapter": training_pb2.GetActiveAdapterRequest(base_model="phi-2"),
    "CompareAdapters": training_pb2.CompareAdaptersRequest(),
}


def test_every_rpc_is_named_here():
    methods = training_pb2.DESCRIPTOR.services_by_name["TrainingService"].methods_by_name

    assert set(methods) == set(REQUESTS)


@pytest.mark.parametrize("rpc", REQUESTS)
async def test_jobs_and_voices_are_not_there_yet(service: TrainingService, account: UUID, rpc: str):
    call = getattr(service.training, rpc)(REQUESTS[rpc], metadata=service.acting_for(account))

    failure = await failure_of(call.read() if rpc == "WatchJob" else call)

    assert (failure.code, failure.reason) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_IMPLEMENTED_YET")
    assert rpc in failure.message


async def test_samples_of_the_past_are_not_there_yet(service: TrainingService, account: UUID):
    request = samples_pb2.BuildHistorySamplesRequest()

    failure = await failure_of(service.samples.BuildHistorySamples(request, metadata=service.acting_for(account)))

    assert failure.code is grpc.StatusCode.UNIMPLEMENTED
