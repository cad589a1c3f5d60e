"""What owners, devices and operators do: each use case is one transaction or a few."""
