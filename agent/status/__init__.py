"""What a running agent says of itself, in a file: no message, no name and no handle is ever in it."""
