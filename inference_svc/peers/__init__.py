"""The other processes that drafting talks to: sync_svc, the worker, training_svc, Redis."""
