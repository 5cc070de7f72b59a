"""What a transfer shows: figures that add up, plain lines without a terminal, and sizes as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from client.display import Display, Figures
from client.sdk.references import NotAReferenceError, Reference
from client.sdk.sizes import NotASizeError, shown, to_bytes
from client.sdk.transfer import Begun, LeftOut, Moved, MovedAgain, Verifying

if TYPE_CHECKING:
    from client.sdk.transfer import Event


def test_figures_of_what_moved_was_there_and_failed_add_up() -> None:
    figures = Figures()
    events: list[Event] = [
        Begun({"a": 100, "b": 50}),
        Moved("a", 60),
        Moved("a", -60),
        MovedAgain("a", 0, 100, "HTTP 500"),
        Moved("b", 50, there_already=True),
        Moved("a", 40),
    ]
    for now, event in enumerate(events):
        figures.take(event, float(now))
    assert (figures.moved, figures.there_already, figures.done, figures.total, figures.again) == (40, 50, 90, 150, 1)
    assert figures.under_way == {"a": 40}
    assert figures.rate(6.0) == 8.0
    assert figures.left(6.0) == 7.5
    assert figures.left(100.0) is None


def test_without_a_terminal_there_are_plain_lines_on_standard_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 1000, 3))
    monkeypatch.setattr("client.display.time.monotonic", lambda: float(next(clock)))
    with Display("push", "en") as display:
        for event in (
            LeftOut(".git"),
            Begun({"model.safetensors": 4 * 2**20}),
            Moved("model.safetensors", 2**20),
            Moved("model.safetensors", 2**20),
            MovedAgain("model.safetensors", 2**20, 2**20, "HTTP 503"),
            Moved("model.safetensors", 2**21, there_already=True),
            Verifying(2**20, 4 * 2**20),
        ):
            display(event)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        "push: left out: .git",
        "push: 0 B / 4.0 MiB (0 %), 0 B/s",
        "push: 2.0 MiB / 4.0 MiB (50 %), 682.7 KiB/s, 3 s left",
        "push: once more: model.safetensors @ 1048576, 1.0 MiB: HTTP 503",
        "push: 4.0 MiB / 4.0 MiB (100 %), 227.6 KiB/s, 0 s left",
    ]
    assert display.summary() == "2.0 MiB moved, 2.0 MiB there already, 1 parts once more"
    assert "기존" in Display("push", "ko").summary()


@pytest.mark.parametrize(
    ("text", "count"),
    [("200MiB", 200 * 2**20), ("1.5 GB/s", 1_500_000_000), ("1000000", 1_000_000), ("2k", 2000), ("1KiB", 1024)],
)
def test_sizes_are_read_as_people_write_them(text: str, count: int) -> None:
    assert to_bytes(text) == count


@pytest.mark.parametrize("text", ["", "fast", "-1", "0", "MiB", "1 MiB MiB", "0.1"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(NotASizeError):
        to_bytes(text)


def test_sizes_are_shown_for_people() -> None:
    assert [shown(count) for count in (0, 1023, 1024, 5 * 2**20, 3.5 * 2**30, 2**41)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "5.0 MiB",
        "3.5 GiB",
        "2.0 TiB",
    ]


def test_a_checkpoint_is_named_by_its_digest_or_by_team_model_and_version() -> None:
    assert Reference.parse("a" * 64) == Reference(digest="a" * 64)
    assert Reference.parse("upstage/solar") == Reference(team="upstage", model="solar")
    assert Reference.parse("upstage/solar@12") == Reference(team="upstage", model="solar", version=12)


@pytest.mark.parametrize("text", ["", "solar", "a/b/c", "a/b@0", "a/b@x", "A" * 64, "a" * 63, "a b/c"])
def test_what_names_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NotAReferenceError):
        Reference.parse(text)
