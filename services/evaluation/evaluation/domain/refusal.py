"""What every refusal of evaluation carries: the field, its value and the rule it breaks."""

from __future__ import annotations


class RuleBrokenError(Exception):
    """A request breaks a rule of evaluation."""

    def __init__(self, field: str, value: str, rule: str) -> None:
        """Keep the `field`, its `value` as text and the `rule` in words."""
        super().__init__(f"{field} is {value!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


class FieldEmptyError(RuleBrokenError):
    """A field that must say something says nothing."""

    def __init__(self, field: str) -> None:
        """Keep the `field`."""
        super().__init__(field, "", "must not be empty")


def require_text(field: str, value: str) -> None:
    """Raise `FieldEmptyError` where `value` is empty or blank."""
    if not value.strip():
        raise FieldEmptyError(field)
