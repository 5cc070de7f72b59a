"""Dokpamo training service."""
