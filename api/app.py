"""The application: routes behind the door; `python -m api.app` prints its description."""

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.auth import Keys, Tickets
from api.bundle import BUILT, read_bundle
from api.door import Door
from api.front import Front, Rules
from api.problems import (
    Problem,
    ProblemView,
    on_anton_error,
    on_http_exception,
    on_invalid,
    on_problem,
    on_surprise,
)
from api.routes import (
    approvals,
    artifacts,
    demos,
    events,
    figures,
    findings,
    health,
    identities,
    incidents,
    logs,
    overview,
    session,
    settings,
    slack,
    tasks,
    telegram,
    ui,
)
from api.sessions import Sessions
from api.slack import SlackDesk
from api.visitors import Visitors
from control.anton import Anton
from control.examination import Examination
from control.repositories import Repositories
from core.errors import AntonError
from core.ports import Clock

DESCRIPTION = (
    "Anton takes a bug report and gives back a proven fix, with consent in between. "
    "Errors are problem JSON (RFC 9457); every answer carries as_of_seq, the number of the "
    "latest event that it includes."
)


class Application(FastAPI):
    """FastAPI that describes its problems too."""

    def openapi(self) -> dict[str, Any]:
        described = super().openapi()
        schema = ProblemView.model_json_schema()
        described["components"]["schemas"].setdefault("ProblemView", schema)
        return described


def described(version: str) -> Application:
    """All routes, with nothing behind them yet."""
    app = Application(
        title="Anton",
        version=version,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    for routes in (
        *(overview, tasks, demos, incidents, approvals, events, figures, findings, artifacts),
        *(identities, logs, health, settings, session, slack, telegram, ui),
    ):
        app.include_router(routes.router)
    return app


def create_app(
    anton: Anton,
    *,
    clock: Clock,
    rules: Rules,
    repositories: Repositories,
    examination: Examination,
    operator_key: str = "",
    keys_file: Path | None = None,
    sessions_file: Path | None = None,
    bundle: Path = BUILT,
    slack_desk: SlackDesk | None = None,
    telegram_hook: telegram.Hook | None = None,
) -> Application:
    """The application over a running Anton; raises ConfigError for an unusable file of keys."""
    keys = Keys(operator_key, keys_file)
    front = Front(
        anton=anton,
        clock=clock,
        keys=keys,
        tickets=Tickets(clock.monotonic),
        repositories=repositories,
        examination=examination,
        rules=rules,
        sessions=Sessions(keys, clock.now, sessions_file),
        bundle=read_bundle(bundle),
    )
    app = described(rules.version)
    app.state.front = front
    app.state.slack = slack_desk
    app.state.telegram = telegram_hook
    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(AntonError, on_anton_error)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(Exception, on_surprise)
    app.add_middleware(
        Door,
        keys=front.keys,
        tickets=front.tickets,
        sessions=front.sessions,
        origins=rules.origins,
        hosts=rules.hosts,
        now=clock.monotonic,
        visitors=Visitors(anton.note, clock.monotonic),
        answered=anton.observatory.meter.answered,
    )
    return app


def description() -> str:
    """OpenAPI as JSON, the same on every machine; the dashboard's types are made from it."""
    return json.dumps(described("0").openapi(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(description())
