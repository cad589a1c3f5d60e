"""Who the owner's addresses belong to: names from the address book, and which addresses are one person's."""
