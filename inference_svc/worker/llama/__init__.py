"""The model behind the engine: llama.cpp through llama-cpp-python's low-level functions, never its Llama class."""
