"""What each person may use: seconds of devices in a day, and room on the disk."""

from sqlalchemy import Connection

from safelight.errors import SafelightError
from safelight.store import accounts


class OverQuota(SafelightError):  # noqa: N818 (says what it is where it is raised)
    """A person has used up what they may use."""


def check_quotas(connection: Connection, user: str, *, more_bytes: int = 0) -> None:
    """See that a person may have more.

    Args:
        connection: To the database.
        user: Id of the person.
        more_bytes: That a file is about to take.

    Raises:
        OverQuota: They may not.
    """
    allowed = accounts.get_user(connection, user)
    seconds, room = allowed.device_seconds_a_day, allowed.bytes_kept
    if seconds is None and room is None:
        return
    used = accounts.usage_of(connection, [user])[user]
    if seconds is not None and used.device_seconds_today + used.device_seconds_ahead >= seconds:
        raise OverQuota(
            f"Your jobs of the last 24 hours take {used.device_seconds_today:.0f} seconds of device time, those in the "
            f"queue about {used.device_seconds_ahead:.0f}, and you have {seconds:.0f} a day.",
            mend="Cancel some, wait until tomorrow, or ask an admin for more.",
        )
    if room is not None and used.bytes_kept + more_bytes >= room:
        raise OverQuota(
            f"Your files take {used.bytes_kept / 1e6:.1f} MB, and you have {room / 1e6:.1f}.",
            mend="Delete some, or ask an admin for more.",
        )
