"""Identities: what roles have learned, seen and mended by people."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.auth import Scope
from api.front import Front, TheCaller, TheFront, needs
from api.identity_views import (
    IdentityDifference,
    IdentityList,
    IdentityVersions,
    IdentityView,
    MemoryChanges,
    card_facts,
    change_facts,
    difference_facts,
    identity_version_facts,
    known_facts,
)
from api.problems import problem_responses
from api.schemas import RollBack, SetRules
from control.identities import Rule
from core.identities import Identity

router = APIRouter(tags=["identities"])

RoleName = Annotated[str, Path(max_length=40)]
Version = Annotated[int, Query(ge=1, lt=2**31)]


@router.get(
    "/identities",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 429, 503),
)
async def list_identities(front: TheFront) -> IdentityList:
    """The identity of every role."""
    seq = await front.seq()
    desk = front.anton.identities
    standings, models = await desk.standings(), front.anton.models()
    facts = [
        card_facts(one, await desk.records(one.role), standings.get(one.role), models)
        for one in await desk.all()
    ]
    known = {"as_of_seq": seq, **known_facts(desk.health())}
    return IdentityList.model_validate({**known, "identities": facts})


@router.get(
    "/identities/{role}",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 422, 429, 503),
)
async def show_identity(role: RoleName, front: TheFront) -> IdentityView:
    """What one role has learned."""
    seq = await front.seq()
    identity = await front.anton.identities.one(role)
    return await _shown(front, identity, seq)


@router.get(
    "/identities/{role}/versions",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 422, 429, 503),
)
async def list_versions(role: RoleName, front: TheFront) -> IdentityVersions:
    """The last ten versions."""
    seq = await front.seq()
    found = await front.anton.identities.versions(role)
    facts = [identity_version_facts(version) for version in found]
    known = {"as_of_seq": seq, **known_facts(front.anton.identities.health())}
    return IdentityVersions.model_validate({**known, "role": role, "versions": facts})


@router.get(
    "/identities/{role}/difference",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 422, 429, 503),
)
async def show_difference(
    role: RoleName, version: Version, against: Version, front: TheFront
) -> IdentityDifference:
    """What is other in a version than in another one, and why rules went."""
    seq = await front.seq()
    found = await front.anton.identities.difference(role, version, against)
    return IdentityDifference.model_validate({"as_of_seq": seq, **difference_facts(found)})


@router.get(
    "/memory-changes",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 422, 429, 503),
)
async def list_memory_changes(
    front: TheFront,
    role: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> MemoryChanges:
    """How memories changed, newest first, whoever changed them."""
    seq = await front.seq()
    found = await front.anton.identities.changes(role, limit)
    return MemoryChanges.model_validate(
        {"as_of_seq": seq, "changes": [change_facts(diff) for diff in found]}
    )


@router.post(
    "/identities/{role}/rollback",
    dependencies=[needs(Scope.OPERATE)],
    responses=problem_responses(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503),
)
async def roll_back(
    role: RoleName, body: RollBack, front: TheFront, caller: TheCaller
) -> IdentityView:
    """Make the content of an older version the newest one."""
    seq = await front.seq()
    identity = await front.anton.identities.roll_back(role, body.version, caller.person, body.seen)
    return await _shown(front, identity, seq)


@router.put(
    "/identities/{role}/rules",
    dependencies=[needs(Scope.OPERATE)],
    responses=problem_responses(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503),
)
async def set_rules(
    role: RoleName, body: SetRules, front: TheFront, caller: TheCaller
) -> IdentityView:
    """Edit, pin and delete rules, by giving all that shall stand."""
    seq = await front.seq()
    rules = [Rule(rule.text, rule.pinned, rule.correction) for rule in body.rules]
    identity = await front.anton.identities.set_rules(role, rules, body.version, caller.person)
    return await _shown(front, identity, seq)


async def _shown(front: Front, identity: Identity, seq: int) -> IdentityView:
    desk = front.anton.identities
    records, standings = await desk.records(identity.role), await desk.standings()
    facts = card_facts(identity, records, standings.get(identity.role), front.anton.models())
    known = {"as_of_seq": seq, **known_facts(desk.health())}
    return IdentityView.model_validate({**known, **facts})
