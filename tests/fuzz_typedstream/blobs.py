"""Attributed strings written out by hand from the rules of the format, with what they hold.

Reading aid: 84 begins what is new, 85 is nil, 86 ends an object, 92 and up refer back. After the beginning, strings are
numbered 92 "@", 93 NSAttributedString, 94 NSObject, 95 NSString, 96 "+"; objects and classes are numbered 92 the whole,
93 NSAttributedString, 94 NSObject, 95 the text, 96 NSString. With the first run come the strings 97 "iI",
98 NSDictionary, 99 "i", and the objects 97 its dictionary, 98 NSDictionary.
"""

from typing import Any, NamedTuple

from agent.chatdb.typedstream import AttributedText, Opaque, Run

PART = "__kIMMessagePartAttributeName"
FILE = "__kIMFileTransferGUIDAttributeName"
DIRECTION = "__kIMBaseWritingDirectionAttributeName"

START = (
    b"\x04\x0bstreamtyped\x81\xe8\x03\x84\x01@"
    b"\x84\x84\x84\x12NSAttributedString\x00\x84\x84\x08NSObject\x00\x85"
    b"\x92\x84\x84\x84\x08NSString\x01\x94\x84\x01+"
)
MUTABLE_START = (
    b"\x04\x0bstreamtyped\x81\xe8\x03\x84\x01@"
    b"\x84\x84\x84\x19NSMutableAttributedString\x00\x84\x84\x12NSAttributedString\x00\x84\x84\x08NSObject\x00\x85"
    b"\x92\x84\x84\x84\x0fNSMutableString\x01\x84\x84\x08NSString\x01\x95\x84\x01+"
)
# From the first run's length on: {part: 0}. The key is the object 99, the number 9a, the C string "i" 9d.
FIRST_PART = (
    b"\x92\x84\x84\x84\x0cNSDictionary\x00\x94\x84\x01i\x01"
    b"\x92\x84\x96\x96\x1d__kIMMessagePartAttributeName\x86"
    b"\x92\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x94\x84\x01*\x84\x99\x99\x00\x86\x86"
)


class Golden(NamedTuple):
    """A blob and what it holds."""

    name: str
    blob: bytes
    expected: AttributedText


def whole(text: str, *runs: tuple[int, int, dict[str, Any]]) -> AttributedText:
    """What an undamaged blob holds."""
    return AttributedText(text, tuple(Run(*run) for run in runs), False)


def with_entries(count: int, entries: bytes) -> bytes:
    """A text "x" whose attributes are these; their objects begin with number 99, their strings with 9a."""
    dictionary = b"\x92\x84\x84\x84\x0cNSDictionary\x00\x94\x84\x01i%c%b\x86" % (count, entries)
    return START + b"\x01x\x86\x84\x02iI\x01\x01" + dictionary + b"\x86"


def with_value(value: bytes) -> bytes:
    """A text "x" whose one attribute "k" is the object that these bytes are, number 9a."""
    return with_entries(1, b"\x92\x84\x96\x96\x01k\x86\x92" + value)


def value_of(value: Any) -> AttributedText:
    """What with_value() holds."""
    return whole("x", (0, 1, {"k": value}))


GOLDEN = [
    Golden("plain", START + b"\x05Hello\x86\x84\x02iI\x01\x05" + FIRST_PART + b"\x86", whole("Hello")),
    Golden(
        "plain, mutable",
        MUTABLE_START + b"\x05Hello\x86\x84\x02iI\x01\x05"
        b"\x92\x84\x84\x84\x0cNSDictionary\x00\x95\x84\x01i\x01"
        b"\x92\x84\x98\x98\x1d__kIMMessagePartAttributeName\x86"
        b"\x92\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x95\x84\x01*\x84\x9b\x9b\x00\x86\x86\x86",
        whole("Hello"),
    ),
    Golden(
        "a direction that is left open",
        START + b"\x02ok\x86\x84\x02iI\x01\x02\x92\x84\x84\x84\x0cNSDictionary\x00\x94\x84\x01i\x02"
        b"\x92\x84\x96\x96\x26__kIMBaseWritingDirectionAttributeName\x86"
        b"\x92\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x94\x84\x01*\x84\x84\x01q\x9d\xff\x86"
        b"\x92\x84\x96\x96\x1d__kIMMessagePartAttributeName\x86"
        b"\x92\x84\x9b\x9c\x9d\x9d\x00\x86\x86\x86",
        whole("ok", (0, 2, {DIRECTION: -1, PART: 0})),
    ),
    Golden("no text and no run", START + b"\x00\x86\x86", whole("")),
    Golden(
        "128 bytes, a length of two",
        START + b"\x81\x80\x00" + b"a" * 128 + b"\x86\x84\x02iI\x01\x81\x80\x00" + FIRST_PART + b"\x86",
        whole("a" * 128),
    ),
    Golden(
        "200 bytes, a length of one byte above the tags",
        START + b"\xc8" + b"a" * 200 + b"\x86\x84\x02iI\x01\xc8" + FIRST_PART + b"\x86",
        whole("a" * 200),
    ),
    Golden(
        "40,000 bytes, a length of two that no sign is taken from",
        START + b"\x81\x40\x9c" + b"a" * 40_000 + b"\x86\x84\x02iI\x01\x81\x40\x9c" + FIRST_PART + b"\x86",
        whole("a" * 40_000),
    ),
    Golden(
        "98,304 bytes, a length of four; 32,768 code units",
        START
        + b"\x82\x00\x80\x01\x00"
        + "あ".encode() * 32_768
        + b"\x86\x84\x02iI\x01\x82\x00\x80\x00\x00"
        + FIRST_PART
        + b"\x86",
        whole("あ" * 32_768),
    ),
    Golden(
        "emoji, which have two code units each, in bold",
        START + b"\x0b\xf0\x9f\x91\x8b\xf0\x9f\x8f\xbd hi\x86\x84\x02iI\x01\x04"
        b"\x92\x84\x84\x84\x0cNSDictionary\x00\x94\x84\x01i\x02"
        b"\x92\x84\x96\x96\x1a__kIMTextBoldAttributeName\x86"
        b"\x92\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x94\x84\x01*\x84\x99\x99\x01\x86"
        b"\x92\x84\x96\x96\x1d__kIMMessagePartAttributeName\x86"
        b"\x92\x84\x9b\x9c\x9d\x99\x00\x86\x86"
        b"\x97\x02\x03\x92\x84\x98\x99\x01\x92\x9e\x92\x9f\x86\x86",
        whole("👋🏽 hi", (0, 4, {"__kIMTextBoldAttributeName": 1, PART: 0}), (4, 3, {PART: 0})),
    ),
    Golden(
        "a mention, and the first run's attributes again",
        START + b"\x0bHi Ben, hi!\x86\x84\x02iI\x01\x03" + FIRST_PART + b"\x97\x02\x03\x92\x84\x98\x99\x02"
        b"\x92\x84\x96\x96\x1c__kIMMentionConfirmedMention\x86\x92\x84\x96\x96\x0f+1 555 555 0100\x86"
        b"\x92\x99\x92\x9a\x86\x97\x01\x05\x86",
        whole(
            "Hi Ben, hi!",
            (0, 3, {PART: 0}),
            (3, 3, {"__kIMMentionConfirmedMention": "+1 555 555 0100", PART: 0}),
            (6, 5, {PART: 0}),
        ),
    ),
    Golden(
        "a link",
        START + b"\x09a.example\x86\x84\x02iI\x01\x09\x92\x84\x84\x84\x0cNSDictionary\x00\x94\x84\x01i\x02"
        b"\x92\x84\x96\x96\x16__kIMLinkAttributeName\x86"
        b"\x92\x84\x84\x84\x05NSURL\x00\x94\x84\x01c\x00\x92\x84\x96\x96\x10http://a.example\x86\x86"
        b"\x92\x84\x96\x96\x1d__kIMMessagePartAttributeName\x86"
        b"\x92\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x94\x84\x01*\x84\x99\x99\x00\x86\x86\x86",
        whole("a.example", (0, 9, {"__kIMLinkAttributeName": "http://a.example", PART: 0})),
    ),
    Golden(
        "a one-time code, which is a dictionary whose second value is its first",
        START + b"\x0a123456 now\x86\x84\x02iI\x01\x06\x92\x84\x84\x84\x0cNSDictionary\x00\x94\x84\x01i\x02"
        b"\x92\x84\x96\x96\x1d__kIMOneTimeCodeAttributeName\x86"
        b"\x92\x84\x98\x99\x02\x92\x84\x96\x96\x0bdisplayCode\x86\x92\x84\x96\x96\x06123456\x86"
        b"\x92\x84\x96\x96\x04code\x86\x92\x9c\x86"
        b"\x92\x84\x96\x96\x1d__kIMMessagePartAttributeName\x86"
        b"\x92\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x94\x84\x01*\x84\x99\x99\x00\x86\x86"
        b"\x97\x02\x04\x92\x84\x98\x99\x01\x92\x9e\x92\x9f\x86\x86",
        whole(
            "123456 now",
            (0, 6, {"__kIMOneTimeCodeAttributeName": {"displayCode": "123456", "code": "123456"}, PART: 0}),
            (6, 4, {PART: 0}),
        ),
    ),
    Golden(
        "an attachment before a text, each a part of its own",
        START + b"\x08\xef\xbf\xbc look\x86\x84\x02iI\x01\x01\x92\x84\x84\x84\x0cNSDictionary\x00\x94\x84\x01i\x02"
        b"\x92\x84\x96\x96\x22__kIMFileTransferGUIDAttributeName\x86\x92\x84\x96\x96\x09at_0_ABCD\x86"
        b"\x92\x84\x96\x96\x1d__kIMMessagePartAttributeName\x86"
        b"\x92\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x94\x84\x01*\x84\x99\x99\x00\x86\x86"
        b"\x97\x02\x05\x92\x84\x98\x99\x01\x92\x9b\x92\x84\x9d\x9c\x9f\x99\x01\x86\x86\x86",
        whole("\ufffc look", (0, 1, {FILE: "at_0_ABCD", PART: 0}), (1, 5, {PART: 1})),
    ),
    Golden(
        "a voice message with what was said",
        START + b"\x03\xef\xbf\xbc\x86\x84\x02iI\x01\x01\x92\x84\x84\x84\x0cNSDictionary\x00\x94\x84\x01i\x03"
        b"\x92\x84\x96\x96\x22__kIMFileTransferGUIDAttributeName\x86\x92\x84\x96\x96\x04ABCD\x86"
        b"\x92\x84\x96\x96\x14IMAudioTranscription\x86\x92\x84\x96\x96\x11Bin gleich da \xe2\x98\x83\x86"
        b"\x92\x84\x96\x96\x1d__kIMMessagePartAttributeName\x86"
        b"\x92\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x94\x84\x01*\x84\x99\x99\x00\x86\x86\x86",
        whole("\ufffc", (0, 1, {FILE: "ABCD", "IMAudioTranscription": "Bin gleich da ☃", PART: 0})),
    ),
    Golden(
        "data that was detected, of which there are many bytes, and none",
        START + b"\x05today\x86\x84\x02iI\x01\x05\x92\x84\x84\x84\x0cNSDictionary\x00\x94\x84\x01i\x03"
        b"\x92\x84\x96\x96\x1e__kIMDataDetectedAttributeName\x86"
        b"\x92\x84\x84\x84\x06NSData\x00\x94\x99\x81\x82\x00\x84\x06[130c]" + b"\x84\x85\x86\x92\xff" * 26 + b"\x86"
        b"\x92\x84\x96\x96\x1f__kIMCalendarEventAttributeName\x86"
        b"\x92\x84\x9b\x99\x00\x84\x04[0c]\x86"
        b"\x92\x84\x96\x96\x1d__kIMMessagePartAttributeName\x86"
        b"\x92\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x94\x84\x01*\x84\x99\x99\x00\x86\x86\x86",
        whole(
            "today",
            (
                0,
                5,
                {
                    "__kIMDataDetectedAttributeName": b"\x84\x85\x86\x92\xff" * 26,
                    "__kIMCalendarEventAttributeName": b"",
                    PART: 0,
                },
            ),
        ),
    ),
    Golden(
        "a letter whose bytes are the end of an object and the tag of a new one",
        START + b"\x06\xe2\x86\x84\xe2\x86\x84\x86\x84\x02iI\x01\x02" + FIRST_PART + b"\x86",
        whole("ↄↄ"),
    ),
    Golden(
        "numbers of every type, with signs and without",
        with_value(
            b"\x84\x84\x84\x07NSArray\x00\x94\x99\x0f"
            b"\x92\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x94\x84\x01*\x84\x99\x99\xff\x86"
            b"\x92\x84\x9d\x9d\x9f\x99\x81\x00\x80\x86"
            b"\x92\x84\x9d\x9d\x9f\x99\x82\xfe\xff\xff\xff\x86"
            b"\x92\x84\x9d\x9d\x84\x84\x01I\x9e\xc8\x86"
            b"\x92\x84\x9d\x9d\xa3\x9e\x81\x00\x80\x86"
            b"\x92\x84\x9d\x9d\xa3\x9e\x82\xff\xff\xff\xff\x86"
            b"\x92\x84\x9d\x9d\x84\x84\x01d\x9f\x83\x00\x00\x00\x00\x00\x00\x04\x40\x86"
            b"\x92\x84\x9d\x9d\xa7\x9f\x03\x86"
            b"\x92\x84\x9d\x9d\x84\x84\x01f\xa0\x83\x00\x00\x00\x3f\x86"
            b"\x92\x84\x9d\x9d\xaa\xa0\xfe\x86"
            b"\x92\x84\x9d\x9d\x84\x84\x01c\xa1\x84\x86"
            b"\x92\x84\x9d\x9d\x84\x84\x01C\xa2\x84\x86"
            b"\x92\x84\x9d\x9d\x84\x84\x01s\xa3\xfb\x86"
            b"\x92\x84\x9d\x9d\x84\x84\x01B\xa4\x01\x86"
            b"\x92\x84\x9d\x9d\x84\x84\x01Q\xa5\x81\xff\xff\x86"
            b"\x86"
        ),
        value_of([-1, -32_768, -2, 200, 32_768, 4_294_967_295, 2.5, 3.0, 0.5, -2.0, -124, 132, -5, True, 65_535]),
    ),
    Golden(
        "dates, nothing, and nil",
        with_value(
            b"\x84\x84\x84\x07NSArray\x00\x94\x99\x04"
            b"\x92\x84\x84\x84\x06NSDate\x00\x94\x84\x01d\x82\x80\x01\x4b\x01\x86"
            b"\x92\x84\x9d\x9c\x83\x00\x00\x00\x00\x00\x00\xf8\xbf\x86"
            b"\x92\x84\x84\x84\x06NSNull\x00\x94\x86"
            b"\x92\x85"
            b"\x86"
        ),
        value_of([21_692_800.0, -1.5, None, None]),
    ),
    Golden(
        "mutable lists, dictionaries, data and strings",
        with_value(
            b"\x84\x84\x84\x0eNSMutableArray\x00\x84\x84\x07NSArray\x00\x94\x99\x03"
            b"\x92\x84\x84\x84\x13NSMutableDictionary\x00\x98\x99\x01\x92\x99"
            b"\x92\x84\x84\x84\x0fNSMutableString\x01\x96\x96\x01m\x86\x86"
            b"\x92\x84\x84\x84\x0dNSMutableData\x00\x84\x84\x06NSData\x00\x94\x99\x02\x84\x04[2c]\x84\x86\x86"
            b"\x92\x84\x9b\x99\x00\x86"
            b"\x86"
        ),
        value_of([{"k": "m"}, b"\x84\x86", []]),
    ),
    Golden(
        "a relative address, of which the base is left out",
        with_value(
            b"\x84\x84\x84\x05NSURL\x00\x94\x84\x01c\x01"
            b"\x92\x84\x9b\x9b\x00\x92\x84\x96\x96\x11http://a.example/\x86\x86"
            b"\x92\x84\x96\x96\x04page\x86"
            b"\x86"
        ),
        value_of("page"),
    ),
    Golden(
        "a structure",
        with_value(b"\x84\x84\x84\x07NSValue\x00\x94\x84\x01*\x84\x84\x0d{_NSRange=QQ}\x9c\x05\x81\x00\x01\x86"),
        value_of([5, 256]),
    ),
    Golden(
        "an object of an unknown class that holds the whole, and a reference to what else it holds",
        with_entries(
            2,
            b"\x92\x84\x96\x96\x01k\x86"
            b"\x92\x84\x84\x84\x06IMWhat\x05\x94\x84\x05i@*:#\xff\x84\x96\x96\x03abc\x86\x84\x84\x02hm\x84\x03sel\x96\x92\x92\x86"
            b"\x92\x84\x96\x96\x01l\x86\x92\x9c",
        ),
        whole("x", (0, 1, {"k": Opaque("IMWhat"), "l": "abc"})),
    ),
    Golden(
        "arrays and structures in an object of an unknown class",
        with_value(
            b"\x84\x84\x84\x05Thing\x00\x94"
            b"\x84\x04[3i]\x01\x81\x00\x02\xfe"
            b"\x84\x09[2{p=cd}]\x84\x07\x85\x83\x00\x00\x00\x00\x00\x00\xf8\x3f"
            b"\x84\x23{_NSRect={_NSPoint=ff}{_NSSize=ff}}\x01\x02\x83\x00\x00\x00\x3f\x04"
            b"\x84\x04[2C]\x86\x86"
            b"\x86"
        ),
        value_of(Opaque("Thing")),
    ),
    Golden(
        "a set, and an attributed string, which have no plain value",
        with_value(
            b"\x84\x84\x84\x07NSArray\x00\x94\x99\x02"
            b"\x92\x84\x84\x84\x05NSSet\x00\x94\x84\x01I\x01\x92\x99\x86"
            b"\x92\x84\x93\x92\x84\x96\x96\x01y\x86\x97\x01\x01\x92\x84\x98\x99\x00\x86\x86"
            b"\x86"
        ),
        value_of([Opaque("NSSet"), Opaque("NSAttributedString")]),
    ),
    Golden(
        "a list that holds itself",
        with_value(b"\x84\x84\x84\x07NSArray\x00\x94\x99\x01\x92\x9a\x86"),
        value_of([Opaque("NSArray")]),
    ),
    Golden(
        "a dictionary whose key is a number",
        with_value(
            b"\x84\x98\x99\x01\x92\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x94\x84\x01*\x84\x99\x99\x05\x86"
            b"\x92\x99\x86"
        ),
        value_of(Opaque("NSDictionary")),
    ),
    Golden(
        "references of two and of four bytes, and those from number 110 on, whose byte starts at 00",
        with_value(
            b"\x84\x84\x84\x07NSArray\x00\x94\x99\x81\x84\x00"
            + b"".join(b"\x92\x84\x96\x96\x02%02x\x86" % number for number in range(125))
            + b"\x92\x00\x92\x81\x00\x00\x92\x82\x00\x00\x00\x00"
            b"\x81\x92\xff\x0e\x82\x92\xff\xff\xff\x9c"
            b"\x92\x84\x81\x96\xff\x82\x96\xff\xff\xff\x01z\x86"
            b"\x92\x84\x96\x96\x00\x86"
            b"\x86"
        ),
        value_of([f"{number:02x}" for number in range(125)] + ["64", "64", "64", "72", "00", "z", ""]),
    ),
]

# What pytypedstream has no word for.
BEYOND_THE_ORACLE = [
    Golden(
        "UTF-16 behind its mark",
        START + b"\x08\xff\xfeH\x00\xe9\x00\x84\x21\x86\x84\x02iI\x01\x03" + FIRST_PART + b"\x86",
        whole("Héↄ"),
    ),
    Golden(
        "UTF-16 behind the mark of the other order",
        START + b"\x06\xfe\xff\xd8\x3d\xde\x42\x86\x84\x02iI\x01\x02" + FIRST_PART + b"\x86",
        whole("🙂"),
    ),
    Golden(
        "numbers of eight bytes",
        with_value(
            b"\x84\x84\x84\x07NSArray\x00\x94\x99\x03"
            b"\x92\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x94"
            b"\x84\x01*\x84\x84\x01q\x9e\x87\x00\xe4\x0b\x54\x02\x00\x00\x00\x86"
            b"\x92\x84\x9d\x9d\x9f\x9e\x87\xff\xff\xff\xff\xff\xff\xff\x7f\x86"
            b"\x92\x84\x9d\x9d\x84\x84\x01Q\x9f\x87\xff\xff\xff\xff\xff\xff\xff\xff\x86"
            b"\x86"
        ),
        value_of([10_000_000_000, 2**63 - 1, 2**64 - 1]),
    ),
    Golden(
        "a class of another version, which is another format",
        with_value(b"\x84\x84\x84\x06NSDate\x01\x94\x84\x01i\x05\x86"),
        value_of(Opaque("NSDate")),
    ),
]
