"""From where the server can be reached, and what follows from it. Imported first, so without anything heavy."""

import ipaddress

from safelight.settings import Settings


def is_numeric(name: str) -> bool:
    """Whether a name is an address in numbers."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether what listens on a host can be reached from this machine only."""
    return host.lower() == "localhost" or (is_numeric(host) and ipaddress.ip_address(host).is_loopback)


def needs_accounts(settings: Settings) -> bool:
    """Whether people must sign in even where there are no accounts yet."""
    return settings.auth == "on" or not (is_loopback(settings.host) or settings.insecure)
