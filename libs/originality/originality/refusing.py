"""What is refused: arrays that cannot be compared at all. Missing or broken weights are never "no evidence"."""

from __future__ import annotations


class WeightsRefusedError(ValueError):
    """An array breaks a rule; `code` is stable, `field` says which array, `value` what it has."""

    def __init__(self, code: str, field: str, value: object, rule: str) -> None:
        super().__init__(f"{field}: {rule}; it is {value} ({code})")
        self.code, self.field, self.value, self.rule = code, field, value, rule
