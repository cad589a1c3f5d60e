"""Turns become a prompt: pure, and the same bytes in serving, training and evaluation."""
