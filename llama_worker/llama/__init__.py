"""The model behind the engine: llama.cpp through llama-cpp-python's low-level functions, never its Llama class."""

import os

# llama.cpp's threads meet hundreds of times a token. GNU OpenMP lets the first one spin for milliseconds there, on the
# very processor that the last one may be waiting for: with a single other busy process on two cores a model of 105
# tokens/s fell to 5. Spinning for microseconds costs a tenth on an idle machine and keeps a busy one alive (20 tokens/s).
# Read when the library is loaded, hence here; the operator's own setting stands.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
