"""What people write stays out of logs and of Redis' keys."""

from assistant.inference.v1 import responses_pb2

from svc_kit.errors import Unavailable
from svc_kit.redis_client import redis_from_url
from tests.contract.inference_svc.product import running_neighbours, running_product
from tests.contract.inference_svc.refusal import broken
from tests.contract.inference_svc.scripted import Step, queued, token

CANARY = "zanzibar-canary-4711"


async def test_a_canary_is_in_no_log_and_no_key(schema, valkey, capfd):
    async with running_neighbours() as neighbours, running_product(schema, valkey, neighbours) as product:
        product.worker.steps = [queued(), token(CANARY), *product.worker.steps[1:]]
        said = product.say(f"{CANARY} 1", f"{CANARY} 2", tone=CANARY)
        answer = await product.generate(message_id=said.newest, instruction=CANARY)
        await product.act(answer.response_id, responses_pb2.ACTION_EDIT, edited_response=CANARY)
        # Failures of all kinds: early, in the middle, and a mistake of ours.
        failures: list[list[Step]] = [[Unavailable("broke")], [queued(), token(CANARY), RuntimeError(CANARY)]]
        for failure in failures:
            product.worker.steps = failure
            request = responses_pb2.StreamResponseRequest(message_id=said.newest, skip_cache=True)
            await broken(product.responses.StreamResponse(request, metadata=product.owner))
        async with redis_from_url(valkey) as redis:
            keys = [key async for key in redis.scan_iter("*")]

    captured = capfd.readouterr()
    assert answer.response.startswith(CANARY)
    assert "StreamResponse" in captured.out + captured.err
    assert CANARY not in captured.out + captured.err
    assert keys
    assert all(CANARY.encode() not in key for key in keys)
