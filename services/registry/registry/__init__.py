"""Dokpamo registry service."""
