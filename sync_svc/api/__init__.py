"""The gRPC edge: servicers, and the way between the contract and the domain."""
