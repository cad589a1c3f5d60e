"""Random histories of a Messages database, and what a server must show after them."""
