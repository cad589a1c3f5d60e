"""Which worker gets a conversation."""

from collections import Counter
from dataclasses import replace
from uuid import UUID

import pytest

from inference_svc.workers.worker_choice import WorkerState, choose, idlest, served_model

ACCOUNT = UUID(int=1)
CONVERSATIONS = [UUID(int=number) for number in range(300)]


def workers(count: int, load: int = 0) -> list[WorkerState]:
    return [WorkerState(f"10.0.0.{number}:50055", load, sequences=8, queue_limit=64) for number in range(count)]


def home(known: list[WorkerState], conversation: UUID) -> str:
    return choose(known, ACCOUNT, conversation, "").order[0]


def busy(known: list[WorkerState], address: str, load: int) -> list[WorkerState]:
    return [replace(worker, load=load) if worker.address == address else worker for worker in known]


def test_a_conversation_has_one_worker_whatever_the_order_they_are_known_in():
    known = workers(4)

    assert all(home(known, one) == home(known[::-1], one) for one in CONVERSATIONS)


def test_conversations_are_spread():
    counted = Counter(home(workers(3), one) for one in CONVERSATIONS)

    assert len(counted) == 3
    assert min(counted.values()) > len(CONVERSATIONS) / 3 * 0.7


def test_the_same_conversation_id_of_another_account_may_live_elsewhere():
    homes = {choose(workers(8), UUID(int=number), CONVERSATIONS[0], "").home for number in range(50)}

    assert len(homes) > 1


def test_only_the_conversations_of_a_lost_worker_move():
    known = workers(4)
    lost = known[2].address
    left = [worker for worker in known if worker.address != lost]

    moved = [one for one in CONVERSATIONS if home(known, one) != home(left, one)]

    assert moved == [one for one in CONVERSATIONS if home(known, one) == lost]


def test_a_worker_that_joins_takes_conversations_for_itself_only():
    known = workers(5)

    moved = {home(known, one) for one in CONVERSATIONS if home(known, one) != home(known[:4], one)}

    assert moved == {known[4].address}


def test_who_can_begin_at_once_keeps_its_conversations_however_idle_the_others_are():
    known = workers(3)
    own = home(known, CONVERSATIONS[0])

    choice = choose(busy(known, own, 7), ACCOUNT, CONVERSATIONS[0], "")

    assert choice.order[0] == choice.home == own
    assert not choice.overflows


def test_what_would_wait_at_a_busy_worker_goes_to_the_next_of_its_conversation():
    known = workers(3)
    calm = choose(known, ACCOUNT, CONVERSATIONS[0], "")

    choice = choose(busy(known, calm.home, 8), ACCOUNT, CONVERSATIONS[0], "")

    assert choice.overflows
    assert choice.home == calm.home
    assert choice.order[0] == calm.order[1]
    assert choice.order[-1] == calm.home


def test_when_all_are_as_busy_conversations_stay():
    known = workers(3, load=30)

    assert all(choose(known, ACCOUNT, one, "").order[0] == home(workers(3), one) for one in CONVERSATIONS)


def test_a_full_worker_comes_after_all_that_have_room():
    known = workers(3, load=71)
    own = choose(known, ACCOUNT, CONVERSATIONS[0], "").home

    choice = choose(busy(known, own, 72), ACCOUNT, CONVERSATIONS[0], "")

    assert choice.order[-1] == own
    assert len(choice.order) == 3


def test_a_larger_worker_may_have_more_to_do():
    small, large = replace(workers(2)[0], load=8), replace(workers(2)[1], load=32, sequences=32)

    choices = [choose([small, large], ACCOUNT, one, "") for one in CONVERSATIONS]

    assert not any(choice.overflows for choice in choices)


@pytest.mark.parametrize("change", [{"draining": True}, {"ready": False}, {"sha256": "another"}])
def test_who_drains_or_has_no_model_or_another_one_gets_nothing(change):
    known = [replace(worker, sha256="this") for worker in workers(3)]
    known[1] = replace(known[1], **change)

    orders = [choose(known, ACCOUNT, one, "this").order for one in CONVERSATIONS]

    assert all(known[1].address not in order for order in orders)
    assert {order[0] for order in orders} == {known[0].address, known[2].address}


def test_who_may_be_away_is_asked_last_and_still_asked():
    known = workers(3)
    known[0] = replace(known[0], answers=False)

    orders = [choose(known, ACCOUNT, one, "").order for one in CONVERSATIONS]

    assert {order[-1] for order in orders} == {known[0].address}


def test_where_nobody_can_work_nobody_is_chosen():
    choice = choose([replace(worker, ready=False) for worker in workers(2)], ACCOUNT, CONVERSATIONS[0], "")

    assert choice.order == ()
    assert not choice.overflows


def test_the_model_of_most_is_served():
    assert served_model(["old", "new", "old"]) == "old"
    assert served_model(["b", "a"]) == served_model(["a", "b"])
    assert served_model([]) == ""


def test_tokens_are_counted_by_the_idlest_that_has_the_model_that_is_served():
    a, b, c, d = (replace(worker, sha256="old") for worker in workers(4))

    order = idlest([replace(a, load=4), replace(b, load=1), replace(c, sha256="new"), replace(d, answers=False)])

    assert order == (b.address, a.address, d.address)
