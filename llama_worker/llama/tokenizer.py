"""Text to tokens, from any thread."""

import ctypes
import itertools
import threading
from collections.abc import Iterable, Sequence

import llama_cpp.llama_cpp as lib

from llama_worker.llama.gbnf import parse_gbnf
from llama_worker.llama.grammar import check_grammar
from llama_worker.llama.grammar_branching import check_grammar_branching
from llama_worker.llama.json_schema import gbnf_of_schema
from llama_worker.llama.model import LlamaModel
from prompting.prompt_part import PromptPart
from svc_kit.errors import InvalidInput, Unavailable

# The fields of the contract that an error names.
GRAMMAR, SCHEMA = "sampling.grammar", "sampling.json_schema"


class Tokenizer:
    """The model's Vocabulary. The lock is for `close`: the model must not be freed during a call."""

    def __init__(self, model: LlamaModel) -> None:
        self._vocab = model.vocab
        self._lock = threading.Lock()
        self._closed = False
        self._adds_bos = bool(lib.llama_vocab_get_add_bos(self._vocab))
        self._bos = int(lib.llama_vocab_bos(self._vocab))
        self.bos_text = self._text(self._bos)
        self.eos_text = self._text(int(lib.llama_vocab_eos(self._vocab)))
        self._seam = self._find_seam()

    def prompt(self, parts: Iterable[PromptPart]) -> list[int]:
        """Tokenize the parts each by its own rule, with the model's opening token if it wants one."""
        tokens: list[int] = []
        for special, group in itertools.groupby(parts, key=lambda part: part.special):
            tokens += self._encode("".join(part.text for part in group), special, first=not tokens)
        # A template may bring the opening token itself.
        if self._adds_bos and tokens[:1] != [self._bos]:
            tokens.insert(0, self._bos)
        return tokens

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text inside a prompt."""
        return [len(self._encode(text, special=False, first=False)) for text in texts]

    def grammar(self, gbnf: str, json_schema: str) -> str:
        """The checked GBNF grammar of a grammar or a JSON schema; empty when both are. Raises InvalidInput naming the field."""
        if gbnf and json_schema:
            raise InvalidInput(SCHEMA, "is of no use beside a grammar: give one of them")
        grammar = gbnf_of_schema(json_schema, SCHEMA) if json_schema else gbnf
        field = SCHEMA if json_schema else GRAMMAR
        if grammar:
            check_grammar_branching(parse_gbnf(grammar, field), field)
            with self._lock:
                self._check_open()
                check_grammar(self._vocab, grammar, field)
        return grammar

    def close(self) -> None:
        """Wait for running calls; those that come later raise Unavailable."""
        with self._lock:
            self._closed = True

    def _encode(self, text: str, special: bool, first: bool) -> list[int]:
        if first or not self._seam:
            return self._tokenize(text, special)
        # This vocabulary adds a space before a text, but not behind a newline.
        joined = self._tokenize("\n" + text, special)
        if joined[: len(self._seam)] == self._seam:
            return joined[len(self._seam) :]
        return self._tokenize(text, special)

    def _find_seam(self) -> list[int]:
        """The tokens of a newline when the vocabulary adds a space in front of a text, else nothing."""
        tokens = self._tokenize("a", False)
        return self._tokenize("\n", False) if tokens and self._text(tokens[0], plain=True).startswith(" ") else []

    def _tokenize(self, text: str, special: bool) -> list[int]:
        data = text.encode()
        room = len(data) + 8
        with self._lock:
            self._check_open()
            while True:
                buffer = (ctypes.c_int32 * room)()
                count = lib.llama_tokenize(self._vocab, data, len(data), buffer, room, False, special)
                if count >= 0:
                    return buffer[:count]
                room = -count

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("no model is loaded")

    def _text(self, token: int, plain: bool = False) -> str:
        if token < 0:
            return ""
        return piece_of(self._vocab, token, special=not plain).decode("utf-8", "replace")


def piece_of(vocab: ctypes.c_void_p, token: int, special: bool) -> bytes:
    """The token's bytes; control tokens have some only if `special`."""
    size = 64
    while True:
        buffer = ctypes.create_string_buffer(size)
        count = lib.llama_token_to_piece(vocab, token, buffer, size, 0, special)
        if count >= 0:
            return buffer.raw[:count]
        size = -count
