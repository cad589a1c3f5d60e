"""From tokens to text that may be sent: whole characters, and never a stop or anything after it."""

import codecs
from collections import deque
from collections.abc import Sequence


class StopFilter:
    """Holds back text that may be the beginning of a stop until it is known not to be."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""
        self.stopped = False

    def push(self, text: str) -> str:
        """Return what may be sent now; once `stopped`, nothing ever is."""
        if self.stopped:
            return ""
        held = self._held + text
        ends = [at for stop in self._stops if (at := held.find(stop)) >= 0]
        if ends:
            self.stopped, self._held = True, ""
            return held[: min(ends)]
        keep = max((_overlap(held, stop) for stop in self._stops), default=0)
        self._held = held[len(held) - keep :]
        return held[: len(held) - keep]

    def flush(self) -> str:
        """Return what was held: no more text comes, so it is no stop."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that begins `stop`, short of all of it."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0


class SuggestionText:
    """The text of one suggestion, and the log-probabilities of the tokens whose text was sent."""

    def __init__(self, stops: Sequence[str]) -> None:
        # A model may emit bytes that are no UTF-8 at all; half a character is held until its other half comes.
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._filter = StopFilter(stops)
        self._decoded = 0
        self._sent = 0
        # Tokens whose text is not sent yet, by the offset at which it begins.
        self._unsent: deque[tuple[int, float]] = deque()
        self._logprob_sum = 0.0
        self.sent_tokens = 0

    @property
    def stopped(self) -> bool:
        """Whether a stop was found."""
        return self._filter.stopped

    @property
    def mean_logprob(self) -> float:
        """Mean over the tokens of which at least a part was sent; 0 when none was."""
        return self._logprob_sum / self.sent_tokens if self.sent_tokens else 0.0

    def push(self, piece: bytes, logprob: float) -> str:
        """Take the next token and return the text that may be sent now."""
        self._unsent.append((self._decoded, logprob))
        text = self._decoder.decode(piece)
        self._decoded += len(text)
        return self._count(self._filter.push(text))

    def finish(self) -> str:
        """Return the held text. Half a character at the very end is dropped."""
        return self._count(self._filter.flush())

    def _count(self, text: str) -> str:
        self._sent += len(text)
        while self._unsent and self._unsent[0][0] < self._sent:
            self._logprob_sum += self._unsent.popleft()[1]
            self.sent_tokens += 1
        return text
