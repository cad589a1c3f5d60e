"""PostgreSQL schema `inference`: drafts, and what the owner did with them."""
