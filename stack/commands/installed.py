"""The installation as commands beside `up` see it: with the database that runs now."""

import os

from stack.commands.options import running_state
from stack.credentials import load_credentials
from stack.data_directory import DataDirectory
from stack.errors import StackError
from stack.plan.addresses import Addresses
from stack.plan.installation import Installation
from stack.settings import load_settings


def reachable_installation(directory: DataDirectory) -> Installation:
    """Return the installation if its database can be reached: the operator's, or the one of the stack that runs."""
    settings, state = load_settings(), running_state(directory)
    if state is None and settings.external_database is None:
        raise StackError(
            f"nothing runs on {directory.root}, so its database cannot be reached: start it with `assistant up` first"
        )
    addresses = Addresses.from_json(state.addresses) if state else Addresses.choose()
    directory.create()
    return Installation(directory, settings, load_credentials(directory.secrets), addresses, dict(os.environ))
