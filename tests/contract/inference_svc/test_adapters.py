"""The adapter that an account's drafts are written with."""

import grpc
import pytest
from assistant.inference.v1 import models_pb2
from assistant.training.v1 import training_pb2

from svc_kit.errors import FailedPrecondition, InvalidInput, NotImplementedYet, Overloaded, Unavailable
from svc_kit.ids import new_id
from tests.contract.inference_svc.product import Product
from tests.deadline import eventually
from tests.grpc_errors import failure_of


def adapter(seed: str = "a", **fields: object) -> training_pb2.GetActiveAdapterResponse:
    adapter = training_pb2.Adapter(
        adapter_id=str(new_id()), name="Evenings", base_model="scripted-1b", sha256=seed * 64, active=True
    )
    return training_pb2.GetActiveAdapterResponse(adapter=adapter, path="/adapters/1.gguf", **fields)  # type: ignore[arg-type]


def chosen(product: Product, seed: str = "a", **fields: object) -> training_pb2.GetActiveAdapterResponse:
    """The adapter that the owner has chosen from now on."""
    product.training.adapters[product.account_id] = made = adapter(seed, **fields)
    return made


async def model_version(product: Product, text: str = "Hi") -> str:
    """That of one more draft."""
    return (await product.generate(message_id=product.say(text).newest)).suggestions[0].model_version


async def test_a_draft_is_written_in_the_chosen_voice_which_is_loaded_once(product):
    chosen(product, scale=0.5)

    versions = {await model_version(product, text) for text in ("Hi", "Ho")}

    (loaded,) = product.worker.loaded
    assert (loaded.path, loaded.sha256, loaded.scale) == ("/adapters/1.gguf", "a" * 64, 0.5)
    assert [request.adapter_id for request in product.worker.requests] == [loaded.adapter_id] * 2
    assert versions == {"scripted-1b@abababababab+aaaaaaaaaaaa"}


@pytest.mark.parametrize(("seed", "scale"), [("a", 1.5), ("b", 0.5)])
async def test_a_voice_that_was_replaced_under_its_id_is_loaded_anew(product, seed, scale):
    voice_then = chosen(product, "a", scale=0.5)
    await model_version(product, "Hi")
    chosen(product, seed, scale=scale).adapter.adapter_id = voice_then.adapter.adapter_id

    await model_version(product, "Ho")

    before, after = product.worker.loaded
    assert (after.sha256, after.scale) == (seed * 64, scale)
    assert [request.adapter_id for request in product.worker.requests] == [before.adapter_id, after.adapter_id]
    assert before.adapter_id != after.adapter_id


async def test_without_a_voice_the_model_drafts_as_it_is(product):
    assert await model_version(product) == "scripted-1b@abababababab"
    assert product.worker.requests[-1].adapter_id == ""


async def test_a_voice_that_was_taken_back_is_not_heard_again(product):
    chosen(product)
    await model_version(product)
    product.training.adapters.clear()

    assert await model_version(product) == "scripted-1b@abababababab"


async def test_a_draft_of_another_voice_is_another_draft(product):
    said = product.say("Tea or coffee?")
    seen = []
    for seed in ("", "a", "b", "a"):
        product.training.adapters.clear()
        if seed:
            chosen(product, seed)
        await product.generate(message_id=said.newest)
        seen.append(len(product.worker.requests))

    assert seen == [1, 2, 3, 3]


async def test_nobody_drafts_in_the_voice_of_another_account(product):
    product.training.adapters[new_id()] = adapter()

    assert await model_version(product) == "scripted-1b@abababababab"


async def test_a_voice_for_another_model_is_not_used(product):
    chosen(product).adapter.base_model = "phi-2"

    assert await model_version(product) == "scripted-1b@abababababab"


@pytest.mark.parametrize(
    "failure",
    [Unavailable("away"), Overloaded("busy", retry_after=9), NotImplementedYet("GetActiveAdapter")],
)
async def test_without_the_part_that_learns_the_model_drafts_as_it_is(product, failure):
    product.training.mute = failure

    assert await model_version(product) == "scripted-1b@abababababab"


async def test_while_the_part_that_learns_is_away_the_voice_it_named_last_stays(product):
    chosen(product)
    await model_version(product)
    product.training.mute = Unavailable("away")

    assert await model_version(product) == "scripted-1b@abababababab+aaaaaaaaaaaa"


@pytest.mark.parametrize(
    "refusal",
    [FailedPrecondition("ADAPTER_UNUSABLE", "it is for another model"), InvalidInput("path", "cannot be read")],
)
async def test_a_voice_that_does_not_load_says_so(product, refusal):
    chosen(product)
    product.worker.unloadable = refusal

    failure = await failure_of(product.generate(message_id=product.say("Hi").newest))

    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "VOICE_UNUSABLE")
    assert refusal.message in failure.message
    assert product.worker.requests == []


async def test_a_conversation_is_read_ahead_in_the_voice_that_will_answer(product):
    chosen(product)

    await product.note(product.say("Are you there?").arrival())

    await eventually(lambda: bool(product.worker.read_ahead))
    (loaded,) = product.worker.loaded
    assert product.worker.read_ahead[0].adapter_id == loaded.adapter_id


async def test_the_state_of_the_model_names_the_adapter(product):
    chosen(product)

    status = await product.models.GetModelStatus(models_pb2.GetModelStatusRequest(), metadata=product.owner)

    assert status.adapter == "Evenings"
