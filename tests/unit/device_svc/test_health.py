"""The glance at all parts."""

import asyncio

from device_svc.domain.health import Glance, PartStatus


async def test_parts_are_asked_at_the_same_time_and_told_in_their_order():
    both = asyncio.Barrier(2)

    async def ask() -> PartStatus:
        await both.wait()
        return PartStatus.SERVING

    health = await Glance({"one": ask, "two": ask}).look()

    assert list(health.parts) == ["one", "two"]
    assert health.status is PartStatus.SERVING


async def test_a_part_that_fails_or_is_silent_is_unreachable():
    async def fail() -> PartStatus:
        raise OSError

    async def be_silent() -> PartStatus:
        await asyncio.Event().wait()
        raise AssertionError

    health = await Glance({"fails": fail, "silent": be_silent}, timeout=0.01).look()

    assert set(health.parts.values()) == {PartStatus.UNREACHABLE}
    assert health.status is PartStatus.NOT_SERVING


async def test_one_answer_serves_all_who_ask_at_once():
    asked = 0

    async def ask() -> PartStatus:
        nonlocal asked
        asked += 1
        return PartStatus.NOT_SERVING

    glance = Glance({"part": ask}, keep=60)
    answers = await asyncio.gather(*(glance.look() for _ in range(20)))

    assert asked == 1
    assert {answer.status for answer in answers} == {PartStatus.NOT_SERVING}
