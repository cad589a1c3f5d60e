"""What the tests of arrivals look at beside the contract: the jobs that nobody asked for."""

from sqlalchemy import select

from inference_svc.storage.tables import generation_jobs
from tests.contract.inference_svc.product import Product


async def job_states(product: Product) -> dict[str, str]:
    """The account's jobs by the message that each is for."""
    columns = (generation_jobs.c.message_id, generation_jobs.c.state)
    async with product.database.transaction(product.account_id) as connection:
        rows = (await connection.execute(select(*columns).order_by(generation_jobs.c.id))).all()
    states = {str(message_id): state for message_id, state in rows}
    assert len(states) == len(rows), "a message has two jobs"
    return states


async def all_ended(product: Product) -> bool:
    """Whether no job waits or runs."""
    return not {"queued", "running"} & set((await job_states(product)).values())
