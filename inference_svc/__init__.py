"""Response drafting: prompts, cache, queue, streaming and feedback around a local language model."""
