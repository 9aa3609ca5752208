"""Who may let a bulletin go on air: by the policy of its unit, its class, and who wrote it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from broadcast.approval_errors import LeaderNeeded
from broadcast.errors import Forbidden, SelfApproval
from broadcast.models import Approvers, Bulletin, Person, Role
from broadcast.units import permissions, policies
from devices.messages import BulletinClass


class Rules:
    """Who approves, by the policies of units; each is read once, many at a time where they are learnt."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[int, Approvers] = {}

    def learn(self, area_ids: Collection[int]) -> None:
        unknown = set(area_ids) - self._known.keys()
        if unknown:
            self._known |= policies.approvers(self._session, unknown)

    def of(self, area_id: int) -> Approvers:
        self.learn([area_id])
        return self._known[area_id]


class Judge:
    """One person before any number of bulletins."""

    def __init__(self, session: Session, person: Person, rules: Rules | None = None) -> None:
        self._person = person
        self._rules = rules or Rules(session)
        self._roles = permissions.roles_by_area(session, person)

    def rule(self, bulletin: Bulletin) -> Approvers:
        """Nobody lets an emergency go on air without a leader, nor priority alone."""
        said = self._rules.of(bulletin.area_id)
        alone = said is Approvers.ALONE and bulletin.klass is not BulletinClass.ROUTINE
        return Approvers.LEADER if alone or bulletin.klass is BulletinClass.EMERGENCY else said

    def missing(self, bulletin: Bulletin) -> Forbidden | None:
        """Which right is missing to judge bulletins like this one."""
        roles = self._roles.get(bulletin.area_id, set())
        if Role.APPROVER in roles:
            return None
        where = {"role": Role.APPROVER.value, "area_id": bulletin.area_id}
        if Role.EDITOR not in roles:
            return Forbidden(**where)
        return LeaderNeeded(**where) if self.rule(bulletin) is Approvers.LEADER else None

    def refusal(self, bulletin: Bulletin) -> Forbidden | None:
        """Why the person may not approve the current version, or None."""
        if (missing := self.missing(bulletin)) is not None:
            return missing
        wrote = self._person.id in (bulletin.author_id, bulletin.current.author_id)
        if wrote and self.rule(bulletin) is not Approvers.ALONE:
            return SelfApproval(role=Role.APPROVER.value, area_id=bulletin.area_id)
        return None
