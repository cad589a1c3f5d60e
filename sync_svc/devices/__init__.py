"""What sync_svc tells device_svc."""
