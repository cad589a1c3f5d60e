"""Which parts there are, on which ports, with which environment, in which order."""
