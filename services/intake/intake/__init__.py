"""Intake: calls for applications, applications, their receipts and eligibility."""
