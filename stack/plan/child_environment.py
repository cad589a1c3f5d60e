"""What a child process sees of the operator's environment: what it needs, and nothing else."""

import re
from collections.abc import Mapping

from stack.checkout import GENERATED, ROOT

COMMON = re.compile(
    r"""^(
      PATH | HOME | USER | LOGNAME | SHELL | TMPDIR | TZ | LANG | LANGUAGE | LC_\w+ | XDG_\w+
      | LD_LIBRARY_PATH | DYLD_LIBRARY_PATH | SSL_CERT_FILE | SSL_CERT_DIR
    )$""",
    re.VERBOSE,
)
# The worker talks to a GPU.
WORKER = re.compile(r"^(ML_SERVICE_\w+|ASSISTANT_MODEL_CACHE|CUDA_\w+|NVIDIA_\w+|GGML_\w+|HIP_\w+|ROCR_\w+|OMP_\w+)$")
# What downloads models is started by the operator alone; nothing that runs for long knows the token.
MODELS = re.compile(
    r"^(ML_SERVICE_MODEL_(ID|PATH)|ASSISTANT_MODEL_CACHE|HF_\w+|(HTTPS?|NO|ALL)_PROXY|(https?|no|all)_proxy)$"
)
INFERENCE = re.compile(
    r"""^(
      ML_SERVICE_REDIS_\w+ | ML_SERVICE_CONTEXT_SIZE | ML_SERVICE_MODEL_(ID|PATH) | INFERENCE_SVC_METRICS_PORT
      | INFERENCE_SVC_JOBS | INFERENCE_SVC_MAX_WAITING_JOBS | INFERENCE_SVC_READ_AHEAD
    )$""",
    re.VERBOSE,
)

DEVICE = re.compile(r"^(ASSISTANT_SESSION_DAYS|DEVICE_SVC_MAX_REGISTRATIONS)$")


def child_environment(source: Mapping[str, str], *allowed: re.Pattern[str]) -> dict[str, str]:
    """Return the variables of `source` that match one of the patterns, and what every Python child needs."""
    patterns = (COMMON, *allowed)
    chosen = {name: value for name, value in source.items() if any(pattern.match(name) for pattern in patterns)}
    chosen["PYTHONUNBUFFERED"] = "1"
    # Children start in /, and a checkout need not be installed.
    chosen["PYTHONPATH"] = f"{ROOT}:{GENERATED}"
    return chosen


def metrics_of(part: str) -> re.Pattern[str]:
    """Return the pattern of the variable that turns a service's metrics on."""
    return re.compile(rf"^{part.upper()}_METRICS_PORT$")
