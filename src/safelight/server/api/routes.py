"""All routes of our own API."""

from fastapi import APIRouter

from safelight.server.api import (
    accounts,
    asset_sets,
    assets,
    clip,
    collections,
    comparing,
    docs,
    events,
    health,
    images,
    jobs,
    lineage,
    metrics,
    models,
    nodes,
    plugins,
    preferences,
    prompts,
    queue,
    recipes,
    recordings,
    settings,
    templates,
    training,
    training_data,
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
        asset_sets,  # before those with an id in its place
        assets,
        clip,
        recipes,
        recordings,
        lineage,
        comparing,
        collections,
        templates,
        training,
        training_data,
        prompts,
        settings,
        preferences,
        plugins,
        accounts,
        health,
        metrics,
        docs,
    )
)
"""In the order in which the page shows them."""
