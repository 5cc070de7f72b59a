"""Dokpamo selection service."""
