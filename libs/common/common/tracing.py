"""OpenTelemetry across gRPC and Kafka: the W3C context travels in metadata and headers."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_W3C: Final = TraceContextTextMapPropagator()
# A provider of our own, not the global one: libraries that trace by themselves stay silent. Spans get their ids here;
# an exporter is added to it where a collector exists.
provider: Final = TracerProvider(shutdown_on_exit=False)
_tracer: Final = provider.get_tracer("dokpamo")


@contextmanager
def span(name: str, carrier: Mapping[str, str] | None = None) -> Iterator[None]:
    """Run the block in a span `name`, whose parent is what `carrier` (`traceparent`) says, else the present span."""
    parent = _W3C.extract(dict(carrier)) if carrier else None
    with _tracer.start_as_current_span(name, context=parent):
        yield


def headers() -> dict[str, str]:
    """Return the present span as headers (`traceparent`, `tracestate`); empty outside any span."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier


def trace_id() -> str:
    """Return the present trace id, 32 hex digits; empty outside any span."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else ""
