"""Breaks blobs, decodes them, and keeps count."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field

import psutil

from agent.chatdb.typedstream import decode, decode_text
from tests.fuzz_typedstream.check import Disagreement, check
from tests.fuzz_typedstream.corpus import make_corpus
from tests.fuzz_typedstream.mutations import mutated

_CORPUS = 300
_WARM_UP = 1_000  # blobs, after which the allocator has what it needs


@dataclass
class Report:
    """What came of a run."""

    blobs: int = 0
    asked: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    """Of those blobs that the oracle was asked about."""
    slowest_us: float = 0
    slowest: bytes = b""
    rss_before: int = 0
    rss_after: int = 0
    seconds: float = 0


def fuzz(count: int, seed: int, oracle_every: int = 1) -> Report:
    """Decode so many broken blobs; raise Disagreement with the blob for one that is not decoded as it should be."""
    rng = random.Random(seed)  # noqa: S311 (the same blobs each time)
    corpus = make_corpus(rng, _CORPUS)
    report = Report()
    started = time.perf_counter()
    for index in range(count):
        if index == min(_WARM_UP, count - 1):
            report.rss_before = _rss()
        blob = mutated(rng, corpus)
        try:
            _decode_timed(blob, report)
            if index % oracle_every == 0:
                report.asked += 1
                report.outcomes[check(blob)] += 1
        except Exception as error:
            raise Disagreement(f"blob {index} of seed {seed}: {error}\n{blob.hex()}") from error
    report.blobs = count
    report.seconds = time.perf_counter() - started
    report.rss_after = _rss()
    return report


def _decode_timed(blob: bytes, report: Report) -> None:
    started = time.perf_counter_ns()
    decoded = decode(blob)
    microseconds = (time.perf_counter_ns() - started) / 1000
    if microseconds > report.slowest_us:
        microseconds = min(_microseconds(blob) for _ in range(5))  # the first time may have been somebody else's
        if microseconds > report.slowest_us:
            report.slowest_us, report.slowest = microseconds, blob
    assert decode_text(blob) == (decoded.text if decoded else None)


def _microseconds(blob: bytes) -> float:
    started = time.perf_counter_ns()
    decode(blob)
    return (time.perf_counter_ns() - started) / 1000


def _rss() -> int:
    return int(psutil.Process().memory_info().rss)
