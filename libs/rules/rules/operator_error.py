"""What an operator says where its values have no answer."""

from __future__ import annotations


class OperatorError(ValueError):
    """An operator has no answer for these values: `operator`, `reason` as a sentence, and a stable `code`."""

    def __init__(self, operator: str, reason: str, code: str = "OPERATOR_HAS_NO_ANSWER") -> None:
        self.operator, self.reason, self.code = operator, reason, code
        super().__init__(f"{operator}: {reason}")
