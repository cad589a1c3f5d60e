"""Continuous batching in plain Python, in the order a request meets it.

`request` -> `admission` (the queue) -> `scheduler` (who runs) -> `plan` (what a step feeds) -> `stepper` (one step) ->
`replies` (sampling, and how suggestions end) -> `text` (tokens to characters, stops) -> `stream` (to the reader). `engine` is
the thread around the stepper, and `backend` is what the model must offer. Nothing here knows llama.cpp or gRPC.
"""
