"""The other services, as sync_svc calls them."""
