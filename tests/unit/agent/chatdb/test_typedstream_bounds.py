"""No blob costs more work or memory than a blob of its size may: what asks for more is refused, or shared."""

import sys
import tracemalloc
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from agent.chatdb.typedstream import AttributedText, Opaque, decode
from stack.demo_data.typedstream_writer import attributed_body
from tests.fuzz_typedstream.blobs import START, value_of, whole, with_value

ARRAY = b"\x84\x84\x84\x07NSArray\x00\x94\x99"
NESTED = b"\x92\x84\x9b\x99"  # another array, whose class is known
THING = b"\x84\x84\x84\x05Thing\x00\x94"


def four_bytes(number: int) -> bytes:
    return b"\x82" + number.to_bytes(4, "little", signed=True)


def repeated(encoding: bytes, first: bytes, again: bytes, count: int) -> bytes:
    """An object with a group of a type, and so many more groups that refer to that type."""
    return with_value(
        THING + b"\x84" + four_bytes(len(encoding)) + encoding + first + (b"\x9b" + again) * count + b"\x86"
    )


class Greedy(NamedTuple):
    """How to make a blob that asks for n squared, or more, with some n bytes; and whether it is refused."""

    name: str
    make: Callable[[int], bytes]
    is_damaged: bool


def a_circle(n: int) -> bytes:
    return with_value(ARRAY + four_bytes(n) + b"\x92\x9a" * n + b"\x86")


def lists_in_lists(n: int) -> bytes:
    return with_value(ARRAY + b"\x01" + (NESTED + b"\x01") * (n - 2) + NESTED + b"\x00" + b"\x86" * n)


def objects_in_objects(n: int) -> bytes:
    return with_value(THING + b"\x92\x84\x9b" * n + b"\x86" * (n + 1))


def each_list_twice_the_one_before(n: int) -> bytes:
    lists = NESTED + b"\x00\x86"
    for number in range(10, 9 + n):  # those before have the numbers 0 to 9
        lists += NESTED + b"\x02" + (b"\x92" + four_bytes(number - 110)) * 2 + b"\x86"
    return with_value(ARRAY + four_bytes(n) + lists + b"\x86")


def one_long_list_many_times(n: int) -> bytes:
    long = NESTED + four_bytes(n) + b"\x92\x99" * n + b"\x86"
    return with_value(ARRAY + four_bytes(n + 1) + long + b"\x92\x9c" * n + b"\x86")


def one_long_string_many_times(n: int) -> bytes:
    long = b"\x92\x84\x96\x96" + four_bytes(n) + b"s" * n + b"\x86"
    return with_value(ARRAY + four_bytes(n + 1) + long + b"\x92\x9c" * n + b"\x86")


def many_short_runs(n: int) -> bytes:
    first = b"\x86\x84\x02iI\x01\x01\x92\x84\x84\x84\x0cNSDictionary\x00\x94\x84\x01i\x00\x86"
    return START + four_bytes(n) + b"a" * n + first + b"\x97\x01\x01" * (n - 1) + b"\x86"


GREEDY = [
    Greedy("a circle", a_circle, False),
    Greedy("lists in lists", lists_in_lists, True),
    Greedy("objects in objects", objects_in_objects, True),
    Greedy("each list twice the one before", each_list_twice_the_one_before, True),
    Greedy("one long list many times", one_long_list_many_times, True),
    Greedy("one long string many times", one_long_string_many_times, False),
    Greedy("many short runs", many_short_runs, False),
    Greedy(
        "a count of two billions", lambda n: with_value(ARRAY + four_bytes(2**31 - 1) + b"\x92\x99" * n + b"\x86"), True
    ),
    Greedy("an array of arrays of nothing", lambda n: repeated(b"[4000000000[4000000000{x=}]]", b"", b"", n), True),
    Greedy("many arrays of nothing in one type", lambda n: repeated(b"[0c]" * n, b"", b"", n), True),
    Greedy("no bytes, many times", lambda n: repeated(b"[0c]", b"", b"", n), False),
    Greedy("a long name in a type", lambda n: repeated(b"{" + b"x" * n + b"=c}", b"a", b"a", n), False),
    Greedy("types in types", lambda n: repeated(b"[1" * n + b"c" + b"]" * n, b"a", b"a", n), True),
    Greedy("many structures in one type", lambda n: repeated(b"{i}" * n, b"\x00" * n, b"", 0), False),
    Greedy("a long string for many C strings", lambda n: repeated(b"*", b"\x84\x84" + four_bytes(n) + b"s" * n, b"\x84\x9c", n), False),
    Greedy("classes below classes", lambda n: with_value(b"\x84" + b"\x84\x84\x01T\x00" * n + b"\x94\x86"), False),
    Greedy("a class for each object", lambda n: repeated(b"@", b"\x84\x84\x84\x01T\x00\x94\x86", b"\x84\x84\x9c\x00\x94\x86", n), False),
    Greedy("numbers of a type with a long name", lambda n: with_value(
        ARRAY + four_bytes(n) + b"\x92\x84\x84\x84\x07NSValue\x00\x94\x84\x01*\x84\x84" + four_bytes(n) + b"{" + b"x" * (n - 4) + b"=c}"
        + b"\x9d\x00\x86" + b"\x92\x84\x9d\x9c\x9e\x9d\x00\x86" * (n - 1) + b"\x86"), True),
]  # fmt: skip


@pytest.mark.parametrize("greedy", GREEDY, ids=lambda greedy: greedy.name)
def test_a_blob_of_twice_the_size_is_twice_the_work(greedy: Greedy):
    small, large = greedy.make(2_000), greedy.make(4_000)

    assert calls(large) <= 2 * calls(small) + 50
    assert calls(large) <= 25 * len(large)


@pytest.mark.parametrize("greedy", GREEDY, ids=lambda greedy: greedy.name)
def test_a_blob_takes_memory_for_what_it_holds(greedy: Greedy):
    blob = greedy.make(4_000)

    tracemalloc.start()
    decoded = decode(blob)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert decoded is not None
    assert decoded.is_damaged == greedy.is_damaged
    assert peak <= 100 * len(blob)


def calls(blob: bytes) -> int:
    """How many functions, Python's and ours, are called and left to decode a blob."""
    count = 0

    def counted(*_: Any) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        decode(blob)
    finally:
        sys.setprofile(before)
    return count


def test_a_circle_is_opaque_where_it_closes():
    assert decode(a_circle(3)) == value_of([Opaque("NSArray")] * 3)


def test_lists_may_lie_in_lists_deeper_than_in_any_message():
    deep: list[Any] = []
    for _ in range(30):
        deep = [deep]

    assert decode(lists_in_lists(31)) == value_of(deep)
    assert decode(lists_in_lists(32)) == AttributedText("x", (), True)


def test_a_list_that_is_shared_a_few_times_is_there_each_time():
    shared = NESTED + b"\x02\x92\x99\x92\x99\x86"

    decoded = decode(with_value(ARRAY + b"\x03" + shared + b"\x92\x9c" * 2 + b"\x86"))

    assert decoded == value_of([["k", "k"]] * 3)


def test_many_short_runs_are_all_there():
    assert decode(many_short_runs(5_000)) == whole("a" * 5_000, *((start, 1, {}) for start in range(5_000)))


def test_a_text_of_ten_megabytes_comes_back():
    text = "ä🙂" * 1_700_000

    assert decode(attributed_body(text)) == whole(text)
