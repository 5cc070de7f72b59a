"""Releases by plain HTTP, in the shape of a hub of models: what reads from there reads from here."""

from __future__ import annotations

from registry.http_api.routes import Hub

__all__ = ["Hub"]
