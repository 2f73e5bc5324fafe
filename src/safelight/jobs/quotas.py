"""What each person may use: seconds of devices in a day, and room on the disk."""

from sqlalchemy import Connection

from safelight.errors import SafelightError
from safelight.store import accounts


class OverQuota(SafelightError):  # noqa: N818 (says what it is where it is raised)
    """A person has used up what they may use."""


def check_quotas(connection: Connection, user: str) -> None:
    """See that a person may have another job.

    Args:
        connection: To the database.
        user: Id of the person.

    Raises:
        OverQuota: They have used up their device time of a day, or their room.
    """
    check_room(connection, user, 0)
    seconds = accounts.get_user(connection, user).device_seconds_a_day
    if seconds is None:
        return
    used = accounts.usage_of(connection, [user])[user]
    if used.device_seconds_today + used.device_seconds_ahead >= seconds:
        raise OverQuota(
            f"Your jobs of the last 24 hours took {used.device_seconds_today:.0f} seconds of device time, those in the "
            f"queue will take about {used.device_seconds_ahead:.0f}, and you have {seconds:.0f} a day.",
            mend="Cancel some, wait until tomorrow, or ask an admin for more.",
        )


def check_room(connection: Connection, user: str, size: int) -> None:
    """See that a person may keep another file.

    Args:
        connection: To the database.
        user: Id of the person.
        size: Of the file, in bytes.

    Raises:
        OverQuota: There is no room for it.
    """
    room = accounts.get_user(connection, user).bytes_kept
    if room is None:
        return
    kept = accounts.usage_of(connection, [user])[user].bytes_kept
    if kept + size >= room:
        raise OverQuota(
            f"Your files take {kept / 1e6:.1f} MB, and you have {room / 1e6:.1f}.",
            mend="Delete some for good, or ask an admin for more.",
        )
