"""inference_svc's Prometheus metrics of drafts and jobs, counted where the record of their end is written."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

DRAFTS_ENDED = Counter(
    "assistant_inference_drafts_ended",
    "Suggestions by how they ended, `cached` for those that were made before.",
    ["outcome"],
)
CACHE_LOOKUPS = Counter("assistant_inference_cache_lookups", "Looks for a draft that was made before.", ["result"])

JOBS_WAITING = Gauge(
    "assistant_inference_jobs_waiting", "Jobs that wait, of all processes: each shows the same number."
)
JOBS_RUNNING = Gauge("assistant_inference_jobs_running", "Jobs that this process runs.")
JOBS_ENDED = Counter("assistant_inference_jobs_ended", "Jobs by how they ended.", ["outcome"])
JOB_WAIT_SECONDS = Histogram(
    "assistant_inference_job_wait_seconds",
    "Seconds from queueing a job to its first attempt.",
    buckets=(0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400),
)
