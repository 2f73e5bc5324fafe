"""All routes of our own API."""

from fastapi import APIRouter

from safelight.server.api import (
    accounts,
    assets,
    docs,
    events,
    health,
    images,
    jobs,
    metrics,
    models,
    nodes,
    queue,
    settings,
    templates,
    workflows,
)

ROUTERS: tuple[APIRouter, ...] = tuple(
    noun.router
    for noun in (
        images,
        jobs,
        queue,
        events,
        workflows,
        nodes,
        models,
        assets,
        templates,
        settings,
        accounts,
        health,
        metrics,
        docs,
    )
)
"""In the order in which the page shows them."""
