"""The decoder of attributed strings: right or silent, never wrong."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.chatdb.typedstream import AttributedText, Opaque, decode, decode_text
from stack.demo_data.typedstream_writer import attributed_body
from tests.fuzz_typedstream.blobs import (
    BEYOND_THE_ORACLE,
    FIRST_PART,
    GOLDEN,
    PART,
    START,
    Golden,
    value_of,
    whole,
    with_entries,
    with_value,
)
from tests.fuzz_typedstream.check import check

HELLO_RUN = b"\x86\x84\x02iI\x01\x05" + FIRST_PART + b"\x86"


def damaged(text: str) -> AttributedText:
    return AttributedText(text, (), True)


@pytest.mark.parametrize("golden", GOLDEN + BEYOND_THE_ORACLE, ids=lambda golden: golden.name)
def test_a_blob_written_by_hand_gives_its_text_and_runs(golden: Golden):
    assert decode(golden.blob) == golden.expected
    assert decode_text(golden.blob) == golden.expected.text


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
def test_an_independent_decoder_reads_the_same_from_it(golden: Golden):
    assert check(golden.blob) == "text and runs equal"


@pytest.mark.parametrize(
    "golden",
    [golden for golden in GOLDEN + BEYOND_THE_ORACLE if len(golden.blob) < 5_000],
    ids=lambda golden: golden.name,
)
def test_a_blob_that_is_cut_gives_nothing_or_its_text_and_says_that_it_is_damaged(golden: Golden):
    end_of_text = golden.blob.index(b"\x84\x01+") + 4 + len(golden.expected.text.encode())
    for length in range(len(golden.blob)):
        cut = decode(golden.blob[:length])

        assert cut is None or (cut == damaged(golden.expected.text) and length > end_of_text - 20)
        assert decode_text(golden.blob[:length]) == (cut.text if cut else None)


@pytest.mark.parametrize("golden", GOLDEN[:4], ids=lambda golden: golden.name)
def test_the_text_is_there_from_the_end_of_the_string_on(golden: Golden):
    text = golden.expected.text
    end = golden.blob.index(text.encode() + b"\x86", len(START) + 1) + len(text.encode())

    assert decode(golden.blob[:end]) is None
    assert decode(golden.blob[: end + 1]) == damaged(text)


@given(st.binary(max_size=400))
def test_noise_is_never_text(noise: bytes):
    assert decode(noise) is None
    assert decode_text(noise) is None


@given(st.binary(max_size=200))
@example(b"\x01")
def test_noise_behind_a_true_beginning_is_never_whole(noise: bytes):
    decoded = decode(START + b"\x05Hello\x86" + noise)

    assert decoded in (damaged("Hello"), decode(START + b"\x05Hello\x86" + noise + b"!"))


@given(st.binary(max_size=60), st.integers(0, len(FIRST_PART)))
def test_noise_behind_a_true_first_run_raises_nothing(noise: bytes, kept: int):
    decoded = decode(START + b"\x05Hello\x86\x84\x02iI\x01\x05" + FIRST_PART[:kept] + noise)

    assert decoded is not None
    assert decoded.text == "Hello"


@pytest.mark.parametrize("too_short", range(1, 30))
def test_a_length_that_is_too_short_is_noticed_even_where_the_text_holds_the_end_mark(too_short: int):
    text = "ↄↄↄↄↄↄↄↄↄↄ"  # each character ends in the bytes 86 84, an object's end and a new one's beginning
    blob = bytearray(attributed_body(text))
    blob[blob.index(text.encode()) - 1] -= too_short

    assert decode(bytes(blob)) is None


BADLY_FRAMED = {
    "no UTF-8": b"\x03a\xffb",
    "half of a surrogate pair": b"\x03\xed\xa0\x80",
    "UTF-16 of an odd length": b"\x03\xff\xfea",
    "UTF-16 with half of a surrogate pair": b"\x04\xff\xfe\x3d\xd8",
    "UTF-16 without a mark": b"\x04H\x00\xe9\x00",
    "a length that is too long": b"\x06Hello",
    "a length that is too short": b"\x04Hello",
    "a length of four gigabytes": b"\x82\xff\xff\xff\xffHello",
    "a length of eight bytes": b"\x87\x05\x00\x00\x00\x00\x00\x00\x00Hello",
    "a tag that is no length": b"\x83Hello",
    "nil": b"\x85",
}


@pytest.mark.parametrize("content", BADLY_FRAMED.values(), ids=BADLY_FRAMED)
def test_a_string_that_is_not_exactly_framed_gives_none(content: bytes):
    blob = START + content + HELLO_RUN

    assert decode(blob) is None
    assert decode_text(blob) is None


# The oracle has a text for each of these. Ours has none, and check() knows the reason.
STRICTER = {
    "another system version": (b"\x81\xe8\x03", b"\x81\xe9\x03", "a header that Messages does not write"),
    "a number in a longer form": (b"\x81\xe8\x03", b"\x82\xe8\x03\x00\x00", "a header that Messages does not write"),
    "the other byte order": (
        b"streamtyped\x81\xe8\x03",
        b"typedstream\x81\x03\xe8",
        "a header that Messages does not write",
    ),
    "another version of the class": (b"edString\x00", b"edString\x01", "another class than an attributed string"),
    "another class": (b"edString\x00", b"edStrong\x00", "another class than an attributed string"),
}


@pytest.mark.parametrize(("old", "new", "reason"), STRICTER.values(), ids=STRICTER)
def test_what_the_oracle_would_read_but_messages_never_writes_gives_none(old: bytes, new: bytes, reason: str):
    blob = START.replace(old, new) + b"\x05Hello" + HELLO_RUN

    assert decode(blob) is None
    assert check(blob) == f"no text for us: {reason}"


FOREIGN = {
    "an older version of strings": (b"\x08NSString\x01", b"\x08NSString\x00"),
    "another class for the string": (b"\x08NSString", b"\x08NSStrong"),
    "another version of NSObject": (b"NSObject\x00", b"NSObject\x01"),
    "an older streamer": (b"\x04\x0b", b"\x03\x0b"),
    "another type for the contents": (b"\x84\x01+", b"\x84\x01*"),
}


@pytest.mark.parametrize(("old", "new"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_attributed_string_gives_none(old: bytes, new: bytes):
    blob = START.replace(old, new) + b"\x05Hello" + HELLO_RUN

    assert decode(blob) is None
    assert check(blob) == "no text for both"


BAD_RUNS = {
    "a run that is too short": b"\x84\x02iI\x01\x04" + FIRST_PART + b"\x86",
    "a run that is too long": b"\x84\x02iI\x01\x06" + FIRST_PART + b"\x86",
    "runs that are too long together": b"\x84\x02iI\x01\x03" + FIRST_PART + b"\x97\x01\x03\x86",
    "no run": b"\x86",
    "a byte behind the end": b"\x84\x02iI\x01\x05" + FIRST_PART + b"\x86\x00",
    "an end too many": b"\x84\x02iI\x01\x05" + FIRST_PART + b"\x86\x86",
    "attributes that are nil": b"\x84\x02iI\x01\x05\x92\x85\x86",
    "attributes that are a text": b"\x84\x02iI\x01\x05\x92\x95\x86",
    "a run without attributes": b"\x84\x02iI\x01\x05\x86",
    "a group that is no run": b"\x84\x02Ii\x01\x05" + FIRST_PART + b"\x86",
    "more entries than there are": b"\x84\x02iI\x01\x05" + FIRST_PART.replace(b"i\x01\x92", b"i\x02\x92") + b"\x86",
    "fewer than no entries": b"\x84\x02iI\x01\x05" + FIRST_PART.replace(b"i\x01\x92", b"i\xff\x92") + b"\x86",
}


@pytest.mark.parametrize("rest", BAD_RUNS.values(), ids=BAD_RUNS)
def test_what_does_not_fit_behind_the_text_leaves_the_text_alone(rest: bytes):
    blob = START + b"\x05Hello\x86" + rest

    assert decode(blob) == damaged("Hello")
    assert check(blob) != "text and runs equal"


NUMBER = b"\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x94\x84\x01*"
THING = b"\x84\x84\x84\x05Thing\x00\x94"
BAD_VALUES = {
    "a reference to a class": b"\x93",
    "a reference to nothing": b"\xff",
    "a reference to before the beginning": b"\x81\x00\x80",
    "an object for a class": b"\x84\x95\x86",
    "nil for a class": b"\x84\x85\x86",
    "a type that typedstreams do not have": THING + b"\x84\x01^\x00\x86",
    "a type that takes no byte": THING + b"\x84\x01!\x86",
    "no type": THING + b"\x84\x00\x86",
    "a structure of nothing": THING + b"\x84\x02{}\x86",
    "a structure without its end": THING + b"\x84\x02{i\x00\x86",
    "an array without its end": THING + b"\x84\x03[2i\x00\x00\x86",
    "an array of two types": THING + b"\x84\x05[2ic]\x01\x02\x86",
    "an array without a length": THING + b"\x84\x03[i]\x01\x86",
    "an array of four gigabytes": THING + b"\x84\x0d[4000000000c]\x86",
    "an array with a length of 5,000 digits": THING + b"\x84\x81\x8b\x13[" + b"9" * 5_000 + b"c]\x86",
    "a boolean that is two": THING + b"\x84\x01B\x02\x86",
    "data of a negative length": b"\x84\x84\x84\x06NSData\x00\x94\x99\xff\x84\x05[-1c]\x86",
    "data of two lengths": b"\x84\x84\x84\x06NSData\x00\x94\x99\x02\x84\x04[3c]abc\x86",
    "nil for an address": b"\x84\x84\x84\x05NSURL\x00\x94\x84\x01c\x00\x92\x85\x86",
    "an address that is neither relative nor not": b"\x84\x84\x84\x05NSURL\x00\x94\x84\x01c\x02\x92\x99\x86",
    "nil for a string": b"\x84\x96\x96\x85\x86",
    "a string that is no text": b"\x84\x96\x96\x01\xff\x86",
    "a number that is bytes": NUMBER + b"\x84\x96\x96\x01a\x86",
    "a number without a type": NUMBER + b"\x85\x99\x00\x86",
    "a number of two types": NUMBER + b"\x84\x99\x84\x01q\x00\x86",
    "a number of eight bytes in a type of four": NUMBER + b"\x84\x99\x99\x87\x00\x00\x00\x00\x00\x00\x00\x00\x86",
    "more than its class has": NUMBER + b"\x84\x99\x99\x00\x99\x00\x86",
}


@pytest.mark.parametrize("value", BAD_VALUES.values(), ids=BAD_VALUES)
def test_a_value_that_is_not_what_its_class_says_leaves_the_text_alone(value: bytes):
    blob = with_value(value)

    assert decode(blob) == damaged("x")
    assert check(blob) != "text and runs equal"


def test_a_second_object_that_begins_like_the_first_is_read_like_it():
    first = b"\x92" + NUMBER + b"\x84\x99\x99\x01\x86"
    number = b"\x92\x84\x9d\x9d\x9f\x99"
    text = b"\x92\x84\x96\x96"
    numbers = first + number + b"\x02\x86" + number + b"\xf0\x86" + number + b"\x81\x00\x01\x86"
    strings = text + b"\x01a\x86" + text + b"\x81\x80\x00" + b"b" * 128 + b"\x86" + text + b"\x00\x86"
    again = number + b"\x03\x86" + text + b"\x01c\x86" + b"\x92\x9c"
    blob = with_value(b"\x84\x84\x84\x07NSArray\x00\x94\x99\x0a" + numbers + strings + again + b"\x86")

    assert decode(blob) == value_of([1, 2, -16, 256, "a", "b" * 128, "", 3, "c", 1])
    assert check(blob) == "text and runs equal"


@pytest.mark.parametrize("last", [b"\x92\x84\x96\x96\x01a\x85", b"\x92\x84\x9d\x9d\x9f\x99\x02\x85"])
def test_an_object_that_only_begins_like_the_first_is_noticed(last: bytes):
    first = b"\x92" + NUMBER + b"\x84\x99\x99\x01\x86"
    blob = with_value(
        b"\x84\x84\x84\x07NSArray\x00\x94\x99\x03" + first + b"\x92\x84\x9d\x9d\x9f\x99\x02\x86" + last + b"\x86"
    )

    assert decode(blob) == damaged("x")


def test_a_byte_before_an_object_is_not_taken_for_its_type():
    # "c@" is a char and a string; the char is 92, which in another place would be the type "@".
    pair = THING + b"\x84\x02c@\x92\x84\x96\x96\x01a\x86\x86"
    blob = with_value(b"\x84\x84\x84\x07NSArray\x00\x94\x99\x02\x92" + pair + b"\x92\x84\x96\x96\x01b\x86\x86")

    assert decode(blob) == value_of([Opaque("Thing"), "b"])
    assert check(blob) == "text and runs equal"


def test_a_run_with_another_id_and_equal_attributes_is_a_run_of_its_own():
    blob = START + b"\x05Hello\x86\x84\x02iI\x01\x02" + FIRST_PART + b"\x97\x02\x03\x92\x97\x86"

    assert decode(blob) == whole("Hello", (0, 2, {PART: 0}), (2, 3, {PART: 0}))


def test_runs_that_share_an_id_share_one_dictionary_and_blobs_share_none():
    again = b"\x97\x01\x01\x97\x02\x01\x92\x97\x86"  # of the first run: its id, and its dictionary
    blob = START + b"\x03abc\x86\x84\x02iI\x01\x01" + FIRST_PART + again
    first, second = decode(blob), decode(blob)

    assert first is not None
    assert second is not None
    assert len(first.runs) == 3
    assert len({id(run.attributes) for run in first.runs}) == 1
    assert first.runs[0].attributes is not second.runs[0].attributes


def test_an_object_of_an_unknown_class_says_which():
    assert decode(with_value(b"\x84\x84\x84\x05Thing\x07\x94\x86")) == value_of(Opaque("Thing"))


def test_a_class_of_a_known_name_below_another_class_is_unknown():
    date = b"\x84\x84\x84\x06NSDate\x00\x84\x84\x05Thing\x00\x94\x84\x01d\x01\x86"

    assert decode(with_value(date)) == value_of(Opaque("NSDate"))


def test_an_attribute_may_refer_to_the_text():
    assert decode(with_value(b"\x95")) == value_of("x")


def test_a_shared_dictionary_is_the_same_value_twice():
    one = b"\x92\x84\x96\x96\x01k\x86\x92\x84\x98\x99\x01\x92\x99\x92\x99\x86"

    decoded = decode(with_entries(2, one + b"\x92\x84\x96\x96\x01l\x86\x92\x9a"))

    assert decoded == whole("x", (0, 1, {"k": {"k": "k"}, "l": {"k": "k"}}))
