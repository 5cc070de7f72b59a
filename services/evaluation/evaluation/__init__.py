"""Evaluation: panels, score sheets, measurements, reference models, targets and benchmark runs."""
