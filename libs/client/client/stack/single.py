"""One part by itself, without a supervisor: what the tests start, kill and start again."""

from __future__ import annotations

import secrets
import signal
import time
from typing import TYPE_CHECKING, Self

from client.stack.process import ProcessIdentity, identify, last_words, spawn, stop_part, sweep
from client.stack.spec import NotReadyError, PartFailedError

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path
    from types import TracebackType

    from client.stack.spec import PartSpec

PROBE_EVERY_SECONDS = 0.1


class SinglePart:
    """A part that runs while the `with` block lasts; it may be killed and started again inside.

    Attributes:
        spec: What is run.
        log: Where its output goes.
    """

    def __init__(self, spec: PartSpec, log: Path, *, stack_id: str | None = None) -> None:
        """Take the part; nothing runs before `start`.

        Args:
            spec: What to run.
            log: The file that its output is appended to.
            stack_id: The mark of its processes; by default a new one.
        """
        self.spec = spec
        self.log = log
        self._stack_id = stack_id or f"single-{secrets.token_hex(6)}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where the part is reached."""
        return self.spec.address

    @property
    def pid(self) -> int:
        """Number of the part's main process.

        Raises:
            PartFailedError: It does not run.
        """
        if self._process is None or self._process.poll() is not None:
            raise self._failure("does not run")
        return self._process.pid

    def start(self) -> Self:
        """Start the part and wait until it is ready.

        Raises:
            PartFailedError: It ended, or was not ready in time.
        """
        self.spec.prepare()
        self._process = spawn(self.spec, self._stack_id, self.log)
        self._await_ready(self._process)
        return self

    def kill(self) -> None:
        """Kill the main process with SIGKILL, and what it leaves behind, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        sweep(self._stack_id, self.spec.name)

    def pause(self) -> None:
        """Stop the part's processes in their tracks (SIGSTOP): they keep their connections and answer nothing."""
        for process in self._members():
            process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused part go on."""
        for process in self._members():
            process.signal(signal.SIGCONT)

    def stop(self) -> None:
        """Stop the part in good order; no process of it is left."""
        if self._process is None:
            return
        stop_part(self.spec, self._stack_id, identify(self._process.pid))
        self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        """Start the part; what had begun is ended again if that fails."""
        try:
            return self.start()
        except BaseException:
            self.kill()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the part."""
        self.stop()

    def _members(self) -> list[ProcessIdentity]:
        found = identify(self.pid)
        return [found] if found else []

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + self.spec.ready_seconds
        missing = ""
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise self._failure(f"ended with status {process.returncode} while starting")
            try:
                self.spec.probe()
                self.spec.finish()
            except NotReadyError as error:
                missing = str(error)
                time.sleep(PROBE_EVERY_SECONDS)
            else:
                return
        raise self._failure(f"was not ready within {self.spec.ready_seconds:.0f} s: {missing}")

    def _failure(self, why: str) -> PartFailedError:
        return PartFailedError(self.spec.name, why, last_words(self.log))
