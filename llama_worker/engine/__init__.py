"""Continuous batching in plain Python, in the order a request meets it.

`request` -> `admission` (the queue) -> `scheduler` (who runs, what the next step feeds) -> `stepper` (one decode step)
-> `text` (tokens to characters, stops) -> `stream` (to the reader). `engine` is the thread around the stepper, and
`backend` is what the model must offer. Nothing here knows llama.cpp or gRPC.
"""
