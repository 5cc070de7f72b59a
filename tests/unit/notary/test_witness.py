"""The notary takes cosignatures of registered witnesses only, and gives them with the checkpoint."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from notary.domain.extent import NotLoggedError
from notary.domain.two_person import LAPSES_AFTER, Act, ReasonMissingError, SamePersonError
from notary.domain.witness import (
    CosignatureRefusedError,
    RetirementUnknownError,
    RetirementWaitsError,
    Witness,
    WitnessInvalidError,
    WitnessRetiredError,
    WitnessTakenError,
    WitnessUnknownError,
)
from notary.handlers import witnesses as use
from verify.checkpoint import Checkpoint, log_key, open_checkpoint
from verify.cosignature import check_cosignature, cosign
from verify.head import raw_public_key
from verify.note import KeyKind, VerifierKey, parse

from tests.builders.notary_witnesses import MemoryWitnesses
from tests.builders.public_record import heads_over, private_key

KEY = private_key()
OWN = raw_public_key(KEY.public_key())
HEADS = heads_over([b"a", b"b", b"c", b"d", b"e"], [2, 5], KEY)
NOW = datetime(2026, 1, 10, tzinfo=UTC)


def witness(seed: int, name: str = "", operator: str = "a university") -> Witness:
    key = VerifierKey.of(name or f"witness.example.org/{seed}", KeyKind.COSIGNATURE, private_key(seed))
    return Witness(key, operator, "staff:kim", NOW)


async def registered(*seeds: int) -> MemoryWitnesses:
    kept = MemoryWitnesses(HEADS)
    for seed in seeds:
        await use.register_witness(witness(seed), OWN, kept)
    return kept


def line(seed: int, size: int = 5, at: datetime = NOW, name: str = "") -> str:
    (signed,) = (each for each in HEADS if each.head.tree_size == size)
    return str(cosign(Checkpoint.of(signed.head), name or f"witness.example.org/{seed}", private_key(seed), at))


async def test_a_checkpoint_bears_the_newest_cosignature_of_each_witness() -> None:
    kept = await registered(8, 9)
    later = NOW + timedelta(hours=1)
    assert await use.add_cosignature(5, line(8), kept) == NOW
    assert await use.add_cosignature(5, line(8), kept) == NOW
    assert await use.add_cosignature(5, line(8, at=later), kept) == later
    assert await use.add_cosignature(5, line(9), kept) == NOW
    note = parse((await use.checkpoint(0, KEY, kept)).encode())
    checkpoint = open_checkpoint(note, log_key(KEY.public_key()))
    assert checkpoint == Checkpoint.of(HEADS[1].head)
    times = [check_cosignature(checkpoint, note.of(witness(seed).key), witness(seed).key) for seed in (8, 9)]
    assert times == [later, NOW]
    assert len(note.signatures) == 3


async def test_cosigned_checkpoints_come_by_size_a_page_at_a_time() -> None:
    kept = await registered(8)
    assert await use.cosigned_checkpoints(0, 1, KEY, kept) == ([], None)
    for size in (5, 2):
        await use.add_cosignature(size, line(8, size), kept)
    (first,), more = await use.cosigned_checkpoints(0, 1, KEY, kept)
    (second,), last = await use.cosigned_checkpoints(more or 0, 2, KEY, kept)
    assert [note.text.split("\n")[1] for note in (first, second)] == ["2", "5"]
    assert last is None


async def test_a_cosignature_of_nobody_of_another_key_or_over_another_head_is_refused() -> None:
    kept = await registered(8)
    with pytest.raises(WitnessUnknownError):
        await use.add_cosignature(5, line(9), kept)
    with pytest.raises(WitnessUnknownError):
        await use.add_cosignature(5, line(9, name="witness.example.org/8"), kept)
    for forged in (line(8, 2), "no line", line(8)[:-4] + "AAA="):
        with pytest.raises(CosignatureRefusedError):
            await use.add_cosignature(5, forged, kept)
    with pytest.raises(NotLoggedError):
        await use.add_cosignature(4, line(8), kept)
    with pytest.raises(NotLoggedError):
        await use.checkpoint(0, KEY, MemoryWitnesses([]))
    assert kept.kept == {}


async def test_a_name_keeps_its_key_and_a_key_its_name_and_no_witness_is_the_log_itself() -> None:
    kept = await registered(8)
    for wrong in (witness(9, "witness.example.org/8"), witness(8, "witness.example.org/9"), witness(7)):
        with pytest.raises(WitnessTakenError):
            await use.register_witness(wrong, OWN, kept)
    for operator in ("", "  ", "x" * 201):
        with pytest.raises(WitnessInvalidError):
            await use.register_witness(witness(10, operator=operator), OWN, kept)
    assert [each.key.name for each in await kept.all()] == ["witness.example.org/8"]


NAME = "witness.example.org/8"


def asked(by: str = "kim", at: datetime = NOW, reason: str = " its key was stolen ") -> Act:
    return Act(f"by {by} at {at}", reason, by, at)


async def test_a_witness_is_retired_by_two_people_and_what_it_signed_stays() -> None:
    kept = await registered(8, 9)
    await use.add_cosignature(5, line(8), kept)
    request = await use.request_retirement(NAME, asked(), kept)
    await use.add_cosignature(2, line(8, size=2), kept)
    with pytest.raises(SamePersonError):
        await use.confirm_retirement(request.act.act_id, "kim", NOW, kept)
    done = await use.confirm_retirement(request.act.act_id, "lee", NOW, kept)
    assert (done.act.requested_by, done.act.confirmed_by, done.act.reason) == ("kim", "lee", "its key was stolen")
    assert kept.told == [done]
    assert {each.key.name: each.retired_at for each in await kept.all()} == {NAME: NOW, "witness.example.org/9": None}
    with pytest.raises(WitnessRetiredError):
        await use.add_cosignature(5, line(8, at=NOW + timedelta(days=1)), kept)
    await use.add_cosignature(5, line(9), kept)
    note = parse((await use.checkpoint(5, KEY, kept)).encode())
    assert check_cosignature(Checkpoint.of(HEADS[1].head), note.of(witness(8).key), witness(8).key) == NOW


async def test_what_cannot_be_retired_is_refused_by_name() -> None:
    kept = await registered(8)
    for name, act, error in (
        ("example.org/nobody", asked(), WitnessUnknownError),
        (NAME, asked(reason="  "), ReasonMissingError),
    ):
        with pytest.raises(error):
            await use.request_retirement(name, act, kept)
    with pytest.raises(RetirementUnknownError):
        await use.confirm_retirement("none", "lee", NOW, kept)
    first = await use.request_retirement(NAME, asked(), kept)
    with pytest.raises(RetirementWaitsError):
        await use.request_retirement(NAME, asked("lee"), kept)
    later = NOW + LAPSES_AFTER + timedelta(seconds=1)
    second = await use.request_retirement(NAME, asked("lee", later), kept)
    await use.confirm_retirement(second.act.act_id, "kim", later, kept)
    with pytest.raises(WitnessRetiredError):
        await use.request_retirement(NAME, asked("park", later), kept)
    with pytest.raises(WitnessRetiredError):
        await use.confirm_retirement(first.act.act_id, "lee", NOW, kept)
    assert kept.told == [await kept.retirement(second.act.act_id)]


async def test_a_retired_witness_keeps_name_and_key_for_ever() -> None:
    kept = await registered(8)
    request = await use.request_retirement(NAME, asked(), kept)
    await use.confirm_retirement(request.act.act_id, "lee", NOW, kept)
    for again in (witness(8), witness(10, NAME), witness(8, "example.org/another")):
        with pytest.raises(WitnessTakenError):
            await use.register_witness(again, OWN, kept)
