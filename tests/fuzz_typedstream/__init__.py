"""Throws broken typedstreams at the decoder, and holds it against an independent one.

python -m tests.fuzz_typedstream [--count 1000000] [--seed 1] [--oracle-every 1]
"""
