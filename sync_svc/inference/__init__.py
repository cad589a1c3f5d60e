"""What sync_svc tells inference_svc."""
