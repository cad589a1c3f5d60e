"""How many prompt tokens one step may prefill, so that a step, and with it a cancel, stays short on any machine."""

MIN_TOKENS = 32
# A step in which no sequence decodes may take longer. On 2 cores 1,000 tokens of a small model take 3.5 s in pieces of 512 or 256,
# 3.6 s in 128, 4.0 s in 64 and 4.8 s in 32.
MIN_TOKENS_ALONE = 128
# Fewer tokens than this say little about the cost of a prompt token: the fixed cost of a step would dominate.
_WORTH_MEASURING = 16
_MEMORY = 0.7


class PrefillBudget:
    """Learns the cost of a prompt token and gives the largest power of two that fits `step_seconds`.

    Powers of two, since each new batch shape costs llama.cpp a new graph.
    """

    def __init__(self, alone: int, beside: int, step_seconds: float) -> None:
        self._alone = alone
        self._beside = beside
        self._step_seconds = step_seconds
        self._token_seconds = 0.0

    @property
    def fixed(self) -> int:
        """The chunk of deterministic work, which must not depend on measured time."""
        return self._beside

    def tokens(self, others_decode: bool) -> int:
        """Prompt tokens for the next step, fewer when other sequences decode in it."""
        most = self._beside if others_decode else self._alone
        if not self._token_seconds:
            return min(most, self._beside)
        fits = int(self._step_seconds / self._token_seconds)
        least = MIN_TOKENS if others_decode else MIN_TOKENS_ALONE
        return max(least, min(most, 1 << max(fits.bit_length() - 1, 0)))

    def record(self, tokens: int, seconds: float) -> None:
        """Learn from a step with so many prompt tokens; one with few says nothing."""
        if tokens < _WORTH_MEASURING:
            return
        cost = seconds / tokens
        known = self._token_seconds or cost
        self._token_seconds = _MEMORY * known + (1 - _MEMORY) * cost
