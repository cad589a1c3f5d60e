"""The servicers of inference_svc, and the way between the contract's messages and the domain."""
