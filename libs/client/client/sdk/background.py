"""A push beside a training: a script hands over a folder and goes on.

    with PushInBackground(address, token, team_id="upstage", model="solar") as background:
        for step in ...:
            if step % 1000 == 0:
                save(folder := run / f"step-{step}")
                background.submit(folder, declared(folder, licence="Apache-2.0", period="2025-h2"))

One push runs at a time and at most one waits, the latest: a training that saves faster than its line can carry pushes
fewer checkpoints, and no queue grows. Hashing and sending run outside of Python's lock, in some 300 MiB of memory.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from client.sdk.blocking import Registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from dokpamo.registry.v1 import service_pb2 as pb

    from client.sdk.checkpoints import Signer
    from client.sdk.transfer import Progress


class BackgroundClosedError(Exception):
    """A folder was handed over after the end."""


@dataclass(frozen=True, slots=True)
class _Handed:
    folder: Path
    declaration: pb.Declaration
    done: Future[pb.Checkpoint]


class PushInBackground:
    """Pushes folders of one model, one after another, in a thread of this process."""

    def __init__(
        self,
        address: str,
        token: str | Callable[[], str],
        *,
        team_id: str,
        model: str,
        limit_rate: int | None = None,
        signer: Signer | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Push to the registry at `address`, at most `limit_rate` bytes a second."""
        self._registry = Registry(address, token, team_id=team_id)
        self._model = model
        self._limit_rate, self._signer, self._progress = limit_rate, signer, progress
        self._changed = threading.Condition()
        self._waiting: _Handed | None = None
        self._running: _Handed | None = None
        self._errors: list[BaseException] = []
        self._closed = False
        # A training that ends by an error does not wait for a push.
        self._thread = threading.Thread(target=self._work, name="push", daemon=True)
        self._thread.start()

    def submit(self, folder: Path, declaration: pb.Declaration) -> Future[pb.Checkpoint]:
        """Hand `folder` over and return at once; what comes of it is in the future, and `wait` raises what fails.

        The folder must stay as it is until then. One that waited is not pushed any more: its future is cancelled.
        """
        handed = _Handed(folder, declaration, Future())
        with self._changed:
            if self._closed:
                raise BackgroundClosedError("nothing more is pushed after the end")
            if self._waiting is not None:
                self._waiting.done.cancel()
            self._waiting = handed
            self._changed.notify_all()
        return handed.done

    def wait(self, seconds: float | None = None) -> None:
        """Wait until all that was handed over is pushed.

        Raises the first error since the last `wait`, and `TimeoutError` where it takes longer than `seconds`.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._waiting is None and self._running is None, seconds):
                raise TimeoutError(f"a push still runs after {seconds} s")
            errors, self._errors = self._errors, []
        if errors:
            raise errors[0]

    def close(self) -> None:
        """Take nothing more, push what was handed over, and raise what failed."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        self.wait()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Push what was handed over, unless the script fails: its own error then goes first."""
        if error is None:
            self.close()
            return
        with self._changed:
            self._closed = True
            if self._waiting is not None:
                self._waiting.done.cancel()
                self._waiting = None
            self._changed.notify_all()

    def _work(self) -> None:
        while (handed := self._next()) is not None:
            try:
                handed.done.set_result(
                    self._registry.push(
                        handed.folder,
                        model=self._model,
                        declaration=handed.declaration,
                        progress=self._progress,
                        limit_rate=self._limit_rate,
                        signer=self._signer,
                    )
                )
            except BaseException as error:  # noqa: BLE001  whoever waits raises it
                handed.done.set_exception(error)
                with self._changed:
                    self._errors.append(error)
            finally:
                with self._changed:
                    self._running = None
                    self._changed.notify_all()

    def _next(self) -> _Handed | None:
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._waiting is not None or self._closed)
                handed, self._waiting = self._waiting, None
                if handed is None or handed.done.set_running_or_notify_cancel():
                    self._running = handed
                    return handed
                # Whoever handed it over has cancelled it.
                self._changed.notify_all()
