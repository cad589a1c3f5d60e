"""The configuration of Envoy, made from the parts in envoy/ and from the contract."""
