"""From draft to approved: whom the unit's policy names approves the very text and audio, or sends it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from broadcast.errors import ContentChanged, Forbidden, NoAudio, NotFound, StaleVersion, WrongState
from broadcast.models import (
    Approval,
    Approvers,
    Bulletin,
    BulletinState,
    BulletinVersion,
    Person,
    Role,
    VersionCut,
    VersionPart,
)
from broadcast.orders import stopping
from broadcast.orders.outbox import Wire
from broadcast.storage import audit
from broadcast.units import permissions
from devices.messages import BulletinClass

from . import composition, cuts, rendering, voiding
from .approvers import Judge

_ALONE = and_(Approval.approvers == Approvers.ALONE, Bulletin.klass == BulletinClass.ROUTINE)
HEARD = (  # everything that an approval is bound to
    joinedload(BulletinVersion.clip),
    joinedload(BulletinVersion.recording),
    joinedload(BulletinVersion.parts).joinedload(VersionPart.recording),
    selectinload(BulletinVersion.cuts).joinedload(VersionCut.clip),
)


def submit(
    session: Session,
    person: Person,
    bulletin_id: int,
    *,
    now: dt.datetime,
    expected_version: int | None = None,
) -> Bulletin:
    """Hand a draft to the approver. Errors: Forbidden, WrongState, StaleVersion."""
    bulletin = locked(session, bulletin_id)
    permissions.require(person, writer(bulletin.klass), bulletin.area_id, session)
    _expect_version(bulletin, expected_version)
    _expect_state(bulletin, BulletinState.DRAFT, "submit")
    rendering.request(session, bulletin.current, now)
    bulletin.return_note = ""
    _enter(session, bulletin, BulletinState.SUBMITTED, person, action="bulletin.submit", now=now)
    return bulletin


def recall(session: Session, person: Person, bulletin_id: int, *, now: dt.datetime) -> Bulletin:
    """Take a submitted bulletin back to work on it. Errors: Forbidden, WrongState."""
    bulletin = locked(session, bulletin_id)
    permissions.require(person, writer(bulletin.klass), bulletin.area_id, session)
    _expect_state(bulletin, BulletinState.SUBMITTED, "recall")
    _enter(session, bulletin, BulletinState.DRAFT, person, action="bulletin.recall", now=now)
    return bulletin


def approve(
    session: Session,
    person: Person,
    bulletin_id: int,
    *,
    version: int,
    text_sha256: str,
    audio_sha256: str,
    now: dt.datetime,
) -> Approval:
    """Approve what was read and heard, named by its version and hashes.

    Errors: Forbidden, LeaderNeeded, SelfApproval, StaleVersion, WrongState, NoAudio, ContentChanged.
    """
    bulletin = locked(session, bulletin_id)
    judge = _require_judge(session, person, bulletin)
    _expect_version(bulletin, version)
    _expect_state(bulletin, BulletinState.SUBMITTED, "approve")
    current = bulletin.current
    if (refused := judge.refusal(bulletin)) is not None:
        raise refused
    if current.clip is None:
        raise NoAudio(bulletin_id=bulletin_id)
    if (text_sha256, audio_sha256) != (composition.fingerprint(current), current.clip.sha256):
        raise ContentChanged(bulletin_id=bulletin_id)
    decision = _decide(session, current, person, approved=True, note="", now=now)
    decision.approvers = judge.rule(bulletin)
    hashes = {"text_sha256": text_sha256, "audio_sha256": audio_sha256, "cuts_sha256": decision.cuts_sha256}
    _enter(session, bulletin, BulletinState.APPROVED, person, action="bulletin.approve", now=now, **hashes)
    return decision


def send_back(
    session: Session, person: Person, bulletin_id: int, *, version: int, note: str, now: dt.datetime
) -> Bulletin:
    """Return the version that was read to its author, with a reason.

    Errors: Forbidden, LeaderNeeded, StaleVersion, WrongState.
    """
    bulletin = locked(session, bulletin_id)
    _require_judge(session, person, bulletin)
    _expect_version(bulletin, version)
    _expect_state(bulletin, BulletinState.SUBMITTED, "send_back")
    _decide(session, bulletin.current, person, approved=False, note=note.strip(), now=now)
    bulletin.return_note = note.strip()
    _enter(
        session,
        bulletin,
        BulletinState.DRAFT,
        person,
        action="bulletin.send_back",
        now=now,
        note=note.strip(),
    )
    return bulletin


def withdraw(session: Session, person: Person, bulletin_id: int, *, wire: Wire, now: dt.datetime) -> Bulletin:
    """Take a bulletin out of use, also what plays it now; whoever writes or approves here may.

    Errors: Forbidden, WrongState.
    """
    bulletin = locked(session, bulletin_id)
    _require_either(session, person, bulletin)
    if bulletin.state is BulletinState.WITHDRAWN:
        raise WrongState(state=bulletin.state.value, action="withdraw")
    bulletin.withdrawn_state, bulletin.withdrawn_by = bulletin.state, person.id
    _enter(session, bulletin, BulletinState.WITHDRAWN, person, action="bulletin.withdraw", now=now)
    stopping.cut_bulletin(session, person, bulletin_id, wire=wire, now=now)
    return bulletin


def restore(session: Session, person: Person, bulletin_id: int, *, now: dt.datetime) -> Bulletin:
    """Undo a withdrawal; another's withdrawal comes back as a draft unless an approver undoes it.

    Errors: Forbidden, WrongState.
    """
    bulletin = locked(session, bulletin_id)
    _require_either(session, person, bulletin)
    _expect_state(bulletin, BulletinState.WITHDRAWN, "restore")
    back = bulletin.withdrawn_state or BulletinState.DRAFT
    approver = permissions.may(person, Role.APPROVER, bulletin.area_id, session)
    if bulletin.withdrawn_by != person.id and not approver:
        back = BulletinState.DRAFT
        void_approvals(session, bulletin, now)
    bulletin.withdrawn_state = bulletin.withdrawn_by = None
    rendering.request(session, bulletin.current, now)
    _enter(session, bulletin, back, person, action="bulletin.restore", now=now)
    return bulletin


def approved_version(session: Session, bulletin: Bulletin) -> BulletinVersion | None:
    """The version that may go on air: approved by the rule, with text and audio still the approved ones."""
    if bulletin.state is not BulletinState.APPROVED:
        return None
    return next((version for _, version in approved_versions(session, [bulletin.id])), None)


def approved_versions(
    session: Session, bulletin_ids: Collection[int]
) -> list[tuple[BulletinClass, BulletinVersion]]:
    """The versions of these bulletins that may go on air, with the class they have; the others have none."""
    query = (
        select(Approval, Bulletin.klass)
        .join(Approval.version)
        .join(Bulletin, Bulletin.id == BulletinVersion.bulletin_id)
        .where(
            Bulletin.id.in_(bulletin_ids),
            Bulletin.state == BulletinState.APPROVED,
            BulletinVersion.number == Bulletin.version_number,
            Approval.approved,
            Approval.voided_at.is_(None),
            or_(Approval.person_id.not_in([Bulletin.author_id, BulletinVersion.author_id]), _ALONE),
        )
        .options(joinedload(Approval.version).options(*HEARD))
        .order_by(Approval.id.desc())
    )
    found = []
    for decision, klass in session.execute(query).unique():
        version = decision.version
        same_words = decision.text_sha256 == composition.fingerprint(version)
        if same_words and voiding.is_of_this_sound(decision, version):
            found.append((klass, version))
    return found


def decisions(session: Session, bulletin: Bulletin) -> list[Approval]:
    """Every decision about any version, newest first, with who took it."""
    query = (
        select(Approval)
        .join(Approval.version)
        .where(BulletinVersion.bulletin_id == bulletin.id)
        .options(joinedload(Approval.person), joinedload(Approval.version))
        .order_by(Approval.id.desc())
    )
    return list(session.scalars(query))


def void_approvals(session: Session, bulletin: Bulletin, now: dt.datetime) -> None:
    of_bulletin = select(BulletinVersion.id).where(BulletinVersion.bulletin_id == bulletin.id)
    standing = (Approval.version_id.in_(of_bulletin), Approval.voided_at.is_(None))
    session.execute(update(Approval).where(*standing).values(voided_at=now))


def locked(session: Session, bulletin_id: int) -> Bulletin:
    """The bulletin as it is now, held until the commit: no two people decide at the same time."""
    query = select(Bulletin).where(Bulletin.id == bulletin_id).with_for_update(key_share=True)
    bulletin = session.scalar(query.execution_options(populate_existing=True))
    if bulletin is None:
        raise NotFound(kind="bulletin", id=bulletin_id)
    return bulletin


def writer(klass: BulletinClass | None) -> Role:
    """Who may write a bulletin of this class: an emergency sounds at any hour and is not an editor's."""
    return Role.URGENT if klass is BulletinClass.EMERGENCY else Role.EDITOR


def _require_judge(session: Session, person: Person, bulletin: Bulletin) -> Judge:
    judge = Judge(session, person)
    if (missing := judge.missing(bulletin)) is not None:
        raise missing
    return judge


def _require_either(session: Session, person: Person, bulletin: Bulletin) -> None:
    roles = permissions.roles_in(session, person, bulletin.area_id)
    if not roles & {writer(bulletin.klass), Role.APPROVER}:
        raise Forbidden(role=writer(bulletin.klass).value, area_id=bulletin.area_id)


def _expect_version(bulletin: Bulletin, expected: int | None) -> None:
    if expected is not None and bulletin.version_number != expected:
        raise StaleVersion(expected=expected, current=bulletin.version_number)


def _expect_state(bulletin: Bulletin, state: BulletinState, action: str) -> None:
    if bulletin.state is not state:
        raise WrongState(state=bulletin.state.value, action=action)


def _decide(
    session: Session, version: BulletinVersion, person: Person, *, approved: bool, note: str, now: dt.datetime
) -> Approval:
    decision = Approval(
        version_id=version.id,
        person_id=person.id,
        approved=approved,
        note=note,
        text_sha256=composition.fingerprint(version),
        audio_sha256=version.clip.sha256 if version.clip is not None else "",
        cuts_sha256=cuts.fingerprint(version.cuts),
        at=now,
    )
    session.add(decision)
    return decision


def _enter(
    session: Session,
    bulletin: Bulletin,
    state: BulletinState,
    person: Person,
    *,
    action: str,
    now: dt.datetime,
    **detail: object,
) -> None:
    bulletin.state, bulletin.updated_at = state, now
    session.flush()
    subject, version = f"bulletin:{bulletin.id}", bulletin.version_number
    audit.record(
        session, now=now, person_id=person.id, action=action, subject=subject, version=version, **detail
    )
    voiding.announce(session, bulletin, now)
