"""Jobs and their leases in PostgreSQL."""
