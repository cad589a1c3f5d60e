"""Installs the agent as a service of this user's session: launchd on macOS, systemd on Linux."""

from agent.service.choose import service_manager
from agent.service.manager import Service, ServiceManager, ServiceState

__all__ = ["Service", "ServiceManager", "ServiceState", "service_manager"]
