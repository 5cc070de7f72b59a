"""Dokpamo grants service."""
