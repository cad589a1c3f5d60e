"""What becomes of the calls to several workers, counted. Numbers only."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

WORKERS = Gauge("assistant_inference_workers", "Workers that drafts can be sent to now.")
RETRIES = Counter("assistant_inference_worker_retries", "Drafts that went to another worker after one refused or died.")
OVERFLOWS = Counter(
    "assistant_inference_worker_overflows", "Drafts that went elsewhere because their own worker had too much to do."
)
REFUSALS = Counter("assistant_inference_worker_refusals", "Drafts that no worker took.")
BREAKS = Counter("assistant_inference_worker_breaks", "Drafts whose worker broke off after their first word.")
