"""What the server can do that clients ask about."""

from safelight.settings import Settings


def features(settings: Settings) -> dict[str, object]:
    """The flags that the server tells its clients."""
    return {"supports_preview_metadata": True, "max_upload_size": settings.upload_bytes}
