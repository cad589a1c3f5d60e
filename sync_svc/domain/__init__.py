"""What sync_svc decides, without I/O."""
