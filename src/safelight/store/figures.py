"""Figures about all jobs, for what watches over the server."""

from sqlalchemy import Connection, func, select

from safelight.store.tables import JOBS


def jobs_by_state(connection: Connection) -> dict[str, int]:
    """How many jobs there are in each state that some are in."""
    query = select(JOBS.c.state, func.count()).group_by(JOBS.c.state)
    return {state: int(count) for state, count in connection.execute(query)}


def device_seconds_by_engine(connection: Connection) -> dict[str, float]:
    """Device time of the jobs that are known, by the engine that had each of them last."""
    query = select(JOBS.c.engine, func.sum(JOBS.c.device_seconds)).where(JOBS.c.engine != "").group_by(JOBS.c.engine)
    return {engine: float(seconds) for engine, seconds in connection.execute(query)}
