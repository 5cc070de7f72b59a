"""How a transfer is shown: bars on a terminal, elsewhere a plain line now and then; always on standard error."""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Self

from client.commands.rules.language import say
from client.sdk.sizes import shown
from client.sdk.transfer.progress import Begun, LeftOut, Moved, MovedAgain, Verifying

if TYPE_CHECKING:
    from types import TracebackType

    from rules.explaining_words import Language

    from client.sdk.transfer.progress import Event

_EVERY_SECONDS: Final = 5.0
_RATE_SECONDS: Final = 10.0
_MOST_FILES: Final = 6


class Figures:
    """What a transfer's events come to."""

    def __init__(self) -> None:
        """Nothing has moved."""
        self.sizes: dict[str, int] = {}
        self.under_way: dict[str, int] = {}
        self.total = self.moved = self.there_already = self.again = 0
        self._recent: deque[tuple[float, int]] = deque()

    def take(self, event: Event, now: float) -> None:
        """Count an event that happens at `now` (seconds)."""
        if isinstance(event, Begun):
            self.sizes, self.total = event.files, sum(event.files.values())
        elif isinstance(event, MovedAgain):
            self.again += 1
        elif isinstance(event, Moved):
            if event.there_already:
                self.there_already += event.bytes_moved
            else:
                self.moved += event.bytes_moved
                self._recent.append((now, event.bytes_moved))
            done = self.under_way.pop(event.path, 0) + event.bytes_moved
            if done < self.sizes.get(event.path, 0):
                self.under_way[event.path] = done

    @property
    def done(self) -> int:
        """Bytes that are across."""
        return self.moved + self.there_already

    def rate(self, now: float) -> float:
        """Bytes a second, of late."""
        while self._recent and self._recent[0][0] < now - _RATE_SECONDS:
            self._recent.popleft()
        if not self._recent:
            return 0.0
        return sum(count for _, count in self._recent) / max(now - self._recent[0][0], 0.5)

    def left(self, now: float) -> float | None:
        """Seconds until all is across; `None` where nothing moves."""
        rate = self.rate(now)
        return (self.total - self.done) / rate if rate > 0 else None


class Display:
    """Takes the events of one transfer; call it with each."""

    def __init__(self, name: str, language: Language, *, quiet: bool = False) -> None:
        """Show a transfer of this `name`; `quiet` shows nothing but what went wrong on the way."""
        self.figures = Figures()
        self._name = name
        self._language = language
        self._quiet = quiet
        self._bars = _Bars(name) if sys.stderr.isatty() and not quiet else None
        self._next_line = time.monotonic() + _EVERY_SECONDS

    def __enter__(self) -> Self:
        """Begin."""
        if self._bars:
            self._bars.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last state on the screen."""
        if self._bars:
            self._bars.show(self.figures)
            self._bars.progress.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        now = time.monotonic()
        self.figures.take(event, now)
        if isinstance(event, LeftOut):
            self._line(say(self._language, f"left out: {event.path}", f"제외: {event.path}"))
        elif isinstance(event, MovedAgain):
            at = f"{event.path} @ {event.offset_bytes}, {shown(event.size_bytes)}"
            self._line(say(self._language, f"once more: {at}: {event.why}", f"다시 전송: {at}: {event.why}"))
        elif isinstance(event, Verifying):
            self._verifying(event, now)
        elif self._bars:
            self._bars.show(self.figures)
        elif now >= self._next_line and not self._quiet:
            self._next_line = now + _EVERY_SECONDS
            self._line(self._progress(now))

    def summary(self) -> str:
        """What came across, in a line."""
        moved, there = shown(self.figures.moved), shown(self.figures.there_already)
        again = self.figures.again
        more = say(self._language, f", {again} parts once more", f", 부분 {again}개 재전송") if again else ""
        return say(self._language, f"{moved} moved, {there} there already", f"{moved} 전송, {there} 기존") + more

    def _progress(self, now: float) -> str:
        figures, left = self.figures, self.figures.left(now)
        share = 100 * figures.done // figures.total if figures.total else 100
        parts = [f"{shown(figures.done)} / {shown(figures.total)} ({share} %)", f"{shown(figures.rate(now))}/s"]
        if left is not None:
            parts.append(say(self._language, f"{left:.0f} s left", f"{left:.0f}초 남음"))
        return ", ".join(parts)

    def _verifying(self, event: Verifying, now: float) -> None:
        if self._bars:
            self._bars.verify(event, say(self._language, "verified by the registry", "등록소 검증"))
        elif now >= self._next_line and not self._quiet:
            self._next_line = now + _EVERY_SECONDS
            of = f"{shown(event.verified_bytes)} / {shown(event.declared_bytes)}"
            self._line(say(self._language, f"verified by the registry: {of}", f"등록소 검증: {of}"))

    def _line(self, text: str) -> None:
        if self._bars:
            self._bars.progress.console.print(f"{self._name}: {text}", markup=False, highlight=False)
        else:
            print(f"{self._name}: {text}", file=sys.stderr, flush=True)


class _Bars:
    """The whole, and the files that are under way."""

    def __init__(self, name: str) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        columns = (BarColumn(), DownloadColumn(binary_units=True), TransferSpeedColumn(), TimeRemainingColumn())
        self.progress = Progress(TextColumn("{task.description}", markup=False), *columns, console=Console(stderr=True))
        self._whole = self.progress.add_task(name, total=None)
        self._files: dict[str, Any] = {}
        self._verified: Any = None

    def show(self, figures: Figures) -> None:
        """Bring the bars up to date."""
        self.progress.update(self._whole, total=figures.total, completed=figures.done)
        for path in [path for path in self._files if path not in figures.under_way]:
            self.progress.remove_task(self._files.pop(path))
        for path, done in figures.under_way.items():
            if path not in self._files:
                if len(self._files) == _MOST_FILES:
                    break
                self._files[path] = self.progress.add_task(path, total=figures.sizes[path])
            self.progress.update(self._files[path], completed=done)

    def verify(self, event: Verifying, words: str) -> None:
        """Show how far the registry is."""
        if self._verified is None:
            self._verified = self.progress.add_task(words, total=event.declared_bytes or None)
        self.progress.update(self._verified, completed=event.verified_bytes, total=event.declared_bytes or None)
