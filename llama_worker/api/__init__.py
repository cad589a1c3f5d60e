"""The worker's gRPC face."""
