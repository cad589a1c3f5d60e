"""What follows from a message that has just arrived: a draft, a prompt that is prefilled, a label. Without I/O."""
