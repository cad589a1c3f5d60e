"""What a training sample is, without I/O."""
