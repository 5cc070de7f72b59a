"""Structured logs: one JSON object a line on standard output, event names `noun.verb`, the trace id in each."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, Final

import structlog

from common import tracing

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from structlog.typing import Processor

_LEVELS: Final = logging.getLevelNamesMapping()


def configure(name: str, level: str = "info") -> None:
    """Send everything that is logged, by us and by libraries, to standard output as JSON of service `name`."""
    shared: Sequence[Processor] = (
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _with_service(name),
        _with_trace,
        # The machine's time on purpose: in a replay the log tells when something ran, the event when it happened.
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    )
    renderer = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    # Libraries tell much at "info" that is ours to tell: only their warnings are wanted, unless debugging.
    logging.basicConfig(handlers=[handler], level=level.upper() if level == "debug" else "WARNING", force=True)
    logging.captureWarnings(capture=True)


def _with_service(name: str) -> Processor:
    def add(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        line["service"] = name
        return line

    return add


def _with_trace(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if trace_id := tracing.trace_id():
        line.setdefault("trace_id", trace_id)
    return line
