"""What signing in and pairing mean, without I/O."""
