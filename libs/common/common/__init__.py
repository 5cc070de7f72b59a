"""Dokpamo's platform: what every service is made of, and no rule of the programme."""
