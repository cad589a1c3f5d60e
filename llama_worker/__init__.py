"""The llama.cpp process: one model, one thread that owns it, many generations at once."""
