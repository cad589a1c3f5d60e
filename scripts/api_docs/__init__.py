"""docs/API.md, made from the contract: its comments, its REST paths, who may call, and its field rules."""
