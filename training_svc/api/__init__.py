"""Servicers: unpack, call, pack."""
