"""Who may let a bulletin go on air: by the policy of its unit, its class, and who wrote it."""

from __future__ import annotations

import functools

from sqlalchemy.orm import Session

from broadcast.approval_errors import LeaderNeeded
from broadcast.errors import Forbidden, SelfApproval
from broadcast.models import Approvers, Bulletin, Person, Role
from broadcast.units import permissions, policies
from devices.messages import BulletinClass


class Judge:
    """One person before any number of bulletins; each area is read once."""

    def __init__(self, session: Session, person: Person) -> None:
        self._person = person
        self._roles = functools.cache(functools.partial(permissions.roles_in, session, person))
        self._policy = functools.cache(functools.partial(policies.of, session))

    def rule(self, bulletin: Bulletin) -> Approvers:
        """Nobody lets an emergency go on air without a leader, nor priority alone."""
        said = self._policy(bulletin.area_id).approvers
        alone = said is Approvers.ALONE and bulletin.klass is not BulletinClass.ROUTINE
        return Approvers.LEADER if alone or bulletin.klass is BulletinClass.EMERGENCY else said

    def missing(self, bulletin: Bulletin) -> Forbidden | None:
        """Which right is missing to judge bulletins like this one."""
        roles = self._roles(bulletin.area_id)
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
