"""The four services by the database schema that each one owns."""

SERVICES = {"device": "device_svc", "sync": "sync_svc", "inference": "inference_svc", "training": "training_svc"}


def role_of(schema: str) -> str:
    """Return the database role of the service that owns `schema`.

    The migrations, which make the roles, say the same; they are not imported here, because they bring 30 MB of libraries
    into a process that runs as long as the product does.
    """
    return f"assistant_{schema}"
