"""Finds out why an agent does not do its work, by trying what it would do. Changes nothing."""

from agent.doctor.examination import examine
from agent.doctor.finding import Finding, Level

__all__ = ["Finding", "Level", "examine"]
