"""The middlewares in their order, outermost first."""

from starlette.middleware import Middleware

from safelight.server.gate import Gate
from safelight.server.pages import Pages
from safelight.server.security.access_log import AccessLog
from safelight.server.security.doorkeeper import Doorkeeper
from safelight.server.security.headers import SecureHeaders
from safelight.server.security.hosts import Hosts
from safelight.server.security.limits import BodyLimits
from safelight.server.security.origins import Origins
from safelight.settings import Settings


def wall(settings: Settings, doorkeeper: Doorkeeper) -> list[Middleware]:
    """What stands in front of the routes.

    Args:
        settings: Names, origins and limits.
        doorkeeper: Knows people.
    """
    return [
        Middleware(AccessLog),
        Middleware(SecureHeaders),  # refusals have them too
        Middleware(Hosts, names=(*settings.allowed_hosts, settings.host)),
        Middleware(Origins, allowed=settings.allowed_origins),
        Middleware(Pages),
        Middleware(Gate, doorkeeper=doorkeeper),
        Middleware(BodyLimits, body_bytes=settings.body_bytes, upload_bytes=settings.upload_bytes),
    ]
