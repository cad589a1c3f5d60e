"""sync_svc: contacts, conversations and messages: taking them in, browsing, searching, and the context of a draft."""
