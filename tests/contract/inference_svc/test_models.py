"""ModelsService, with and without a worker."""

from dataclasses import replace
from typing import Any

from assistant.inference.v1 import models_pb2, sampling_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc

from svc_kit.clients import channel_to
from tests.contract.inference_svc.product import NOBODY, Product, running_product


async def listed(product: Product) -> dict[str, models_pb2.Model]:
    answer = await product.models.ListModels(models_pb2.ListModelsRequest(), metadata=product.owner)
    return {model.model_id: model for model in answer.models}


async def status(product: Product) -> models_pb2.GetModelStatusResponse:
    return await product.models.GetModelStatus(models_pb2.GetModelStatusRequest(), metadata=product.owner)


async def test_the_manifests_models_are_listed(product):
    models = await listed(product)

    assert {"ministral-3b-instruct", "mistral-7b", "llama-2-7b", "phi-2", "smollm2-135m-instruct"} <= models.keys()
    small = models["smollm2-135m-instruct"]
    assert (small.license, small.state) == ("Apache-2.0", sampling_pb2.MODEL_STATE_INSTALLED)
    assert small.prompt_style in ("transcript", "chat")
    assert models["phi-2"].state == sampling_pb2.MODEL_STATE_NOT_INSTALLED


async def test_the_loaded_model_is_shown_as_the_worker_says(product):
    product.worker.status.model_id = "phi-2"
    product.worker.status.state = sampling_pb2.MODEL_STATE_LOADING

    assert (await listed(product))["phi-2"].state == sampling_pb2.MODEL_STATE_LOADING


async def test_the_status_is_the_workers(product):
    product.worker.status.running = 2
    product.worker.status.queued = 5
    product.worker.status.queue_eta_seconds = 7.5

    answer = await status(product)

    assert (answer.model_id, answer.display_name) == ("scripted-1b", "Scripted 1B")
    assert answer.state == sampling_pb2.MODEL_STATE_READY
    assert (answer.running, answer.queued, answer.queue_eta_seconds) == (2, 5, 7.5)
    assert answer.context_size == 1000


async def test_a_model_that_failed_says_why(product):
    product.worker.status.state = sampling_pb2.MODEL_STATE_FAILED
    product.worker.status.message = "the file is cut off"

    answer = await status(product)

    assert (answer.state, answer.message) == (sampling_pb2.MODEL_STATE_FAILED, "the file is cut off")


async def test_without_a_worker_the_rest_answers_and_the_service_serves(schema, valkey, product):
    neighbours = replace(product.neighbours, addresses={**product.neighbours.addresses, "worker": NOBODY})

    async with running_product(schema, valkey, neighbours) as lonely:
        answer = await status(lonely)
        models = await listed(lonely)
        async with channel_to(f"127.0.0.1:{lonely.port}") as channel:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            health = await stub.Check(health_pb2.HealthCheckRequest())

    assert answer.state == sampling_pb2.MODEL_STATE_UNSPECIFIED
    assert "does not answer" in answer.message
    assert models["smollm2-135m-instruct"].state == sampling_pb2.MODEL_STATE_INSTALLED
    assert health.status == health_pb2.HealthCheckResponse.SERVING
