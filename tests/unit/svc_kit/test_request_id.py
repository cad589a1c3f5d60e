"""The id that follows a request."""

from uuid import UUID

import pytest

from svc_kit.errors import InvalidInput
from svc_kit.ids import new_id, parse_id
from svc_kit.request_id import begin_request, current_request_id


def test_the_callers_id_is_kept():
    assert begin_request((("x-request-id", "abc-1.2_3"),)) == current_request_id() == "abc-1.2_3"


@pytest.mark.parametrize("strange", ["", "a b", 'a"b', "ü", "x" * 65, "a\nb"])
def test_a_strange_id_is_replaced(strange: str):
    assert UUID(begin_request((("x-request-id", strange),))).version == 7


def test_without_one_an_id_is_made():
    assert begin_request(()) != begin_request(())


def test_ids_sort_by_time():
    ids = [new_id() for _ in range(1000)]

    assert ids == sorted(ids)


def test_a_bad_id_names_its_field():
    with pytest.raises(InvalidInput, match="device_id"):
        parse_id("device_id", "7")
