"""An order is obeyed only when a trusted key signed exactly these bytes."""

import base64
import contextlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.envelope import (
    MAX_BYTES,
    KeySet,
    SigningKey,
    decode_plan,
    encode_plan,
    encode_report,
    open_order,
    open_report,
    seal,
)
from devices.errors import BadSignature, Malformed
from devices.messages import Ack, Action, Command, Cursor, Journal, JournalEvent, Plan, State

SERVER = SigningKey.generate()
TRUSTED = KeySet([SERVER.public])
STOP = Command(id="c1", target="loa-1", issued_at=1, expires_at=2, action=Action.STOP)


def test_an_order_comes_out_as_it_went_in():
    assert open_order(seal(STOP, SERVER), TRUSTED) == STOP


def test_a_key_survives_being_written_to_a_file():
    again = SigningKey.from_bytes(SERVER.private_bytes())
    assert (again.public, again.keyid) == (SERVER.public, SERVER.keyid)


def test_an_order_signed_by_a_stranger_is_refused():
    with pytest.raises(BadSignature):
        open_order(seal(STOP, SigningKey.generate()), TRUSTED)


def test_an_order_without_any_signature_is_refused():
    with pytest.raises(BadSignature):
        open_order(seal(STOP), TRUSTED)


def test_fema_cert_expiry_either_of_two_keys_is_enough_during_a_rotation():
    new = SigningKey.generate()
    both = KeySet([SERVER.public, new.public])
    assert open_order(seal(STOP, new), both) == open_order(seal(STOP, SERVER), both) == STOP
    assert open_order(seal(STOP, SERVER, new), KeySet([new.public])) == STOP


def test_barix_url_swap_an_altered_payload_is_refused():
    envelope = json.loads(seal(STOP, SERVER))
    body = base64.b64decode(envelope["payload"]).replace(b"loa-1", b"loa-2")
    envelope["payload"] = base64.b64encode(body).decode()
    with pytest.raises(BadSignature):
        open_order(json.dumps(envelope).encode(), TRUSTED)


def test_the_payload_type_is_covered_by_the_signature():
    envelope = json.loads(seal(STOP, SERVER))
    envelope["payloadType"] = "application/json"
    with pytest.raises(Malformed):
        open_order(json.dumps(envelope).encode(), TRUSTED)


@given(st.data())
def test_no_flipped_bit_of_a_sealed_order_is_obeyed(data):
    sealed = bytearray(seal(STOP, SERVER))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with contextlib.suppress(BadSignature, Malformed):
        assert open_order(bytes(sealed), TRUSTED) == STOP  # white space or an unread name may change


@given(st.binary(max_size=300))
def test_garbage_is_malformed_and_nothing_else(data):
    for opener in (
        lambda: open_order(data, TRUSTED),
        lambda: open_report(data, None),
        lambda: decode_plan(data),
    ):
        with pytest.raises(Malformed):
            opener()


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))
)
def test_any_other_json_is_malformed(value):
    with pytest.raises(Malformed):
        open_order(json.dumps(value).encode(), TRUSTED)


def test_a_message_of_excessive_size_is_not_parsed():
    with pytest.raises(Malformed):
        open_order(b" " * (MAX_BYTES + 1), TRUSTED)


def test_a_report_cannot_stand_in_for_an_order():
    with pytest.raises(Malformed):
        open_order(seal(Ack(device="loa-1", command="c1", stage="done"), SERVER), TRUSTED)


def test_proof_of_play_counts_only_under_the_seal_of_its_loudspeaker():
    key = SigningKey.generate()
    journal = Journal(device="loa-1", boot="b", events=(JournalEvent(seq=1, at=5, event="done"),))
    assert open_report(seal(journal, key), KeySet([key.public])) == journal
    with pytest.raises(BadSignature):
        open_report(seal(journal, SigningKey.generate()), KeySet([key.public]))
    with pytest.raises(Malformed):
        open_report(msgspec.json.encode(journal), None)


def test_state_and_telemetry_are_plain():
    state = State(device="loa-1", online=True, boot="b", session=3)
    assert open_report(encode_report(state), None) == state


def test_an_older_loudspeaker_understands_a_newer_server():
    cursor = {"type": "cursor", "device": "loa-1", "boot": "b", "seq": 4, "issued_at": 1, "later": True}
    body = json.dumps(cursor).encode()
    covered = b"DSSEv1 28 application/vnd.ttcs.v1+json %d %b" % (len(body), body)
    envelope = {
        "payloadType": "application/vnd.ttcs.v1+json",
        "payload": base64.b64encode(body).decode(),
        "signatures": [{"keyid": SERVER.keyid, "sig": base64.b64encode(SERVER.sign(covered)).decode()}],
    }
    opened = open_order(json.dumps(envelope).encode(), TRUSTED)
    assert opened == Cursor(device="loa-1", boot="b", seq=4, issued_at=1)


def test_equal_plans_have_equal_bytes():
    plan = Plan(start=1, end=2, items=())
    assert encode_plan(plan) == encode_plan(decode_plan(encode_plan(plan)))
