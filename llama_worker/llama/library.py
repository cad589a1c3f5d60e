"""llama.cpp's process-wide state: it is initialized once, and its log goes to ours."""

import ctypes
import logging
from typing import Any

import llama_cpp.llama_cpp as lib

_logger = logging.getLogger(__name__)

_WARNING, _ERROR, _CONTINUED = 3, 4, 5


class LogTail:
    """Keeps llama.cpp's last error, since its functions return nothing but NULL."""

    def __init__(self) -> None:
        self.last_error = ""

    def take(self) -> str:
        """The last error's line, empty when there was none since the last call."""
        error, self.last_error = self.last_error, ""
        return error

    def __call__(self, level: int, text: bytes, _: Any) -> None:
        """Take a line of the log; `level` is a ggml_log_level."""
        # llama.cpp logs about files, tensors and buffers only, never about prompts.
        if level < _WARNING or level >= _CONTINUED:
            return
        line = text.decode("utf-8", "replace").strip()
        if level == _ERROR:
            self.last_error = line
        _logger.debug("llama.cpp: %s", line)


log_tail = LogTail()
# Held here: C keeps the pointer for as long as the process lives.
_callback = lib.llama_log_callback(log_tail)
lib.llama_log_set(_callback, ctypes.c_void_p(0))
lib.llama_backend_init()
