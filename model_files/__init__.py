"""`assistant models`: which models are on this machine, and how they come and go."""

import os

# huggingface_hub reads these when it is imported. Its telemetry would look up what else runs on this machine, ask the
# server about that, and tell it; a download needs to tell nobody more than which file it wants.
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
# Progress and errors are shown by us.
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["HF_HUB_VERBOSITY"] = "error"
