"""What is asked of a tokenizer: that it loads, that texts come back, and that its vocabulary has its embeddings.

It is tried out in a process of its own (`store/tokenizing.py`): here it is decided what comes of that.
Source: design, registry and originality, "Validation at commit", "tokenizer loads and round-trips"
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from registry.domain.checkpoint import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKENIZER: Final = "tokenizer.json"
TEXTS: Final = {
    "Korean": "동해물과 백두산이 마르고 닳도록, 하느님이 보우하사 우리나라 만세. 값은 3,500원입니다!",
    "English": "The quick brown fox jumps over the lazy dog; it isn't 1,024 times as lazy.",
    "code": 'def f(x: int) -> str:\n    return f"{x:>8}\\t{x ** 2}"  # 두 배\n\n\nclass A:\n\tpass\n',
    "emoji": "👩🏽‍🚀🇰🇷 ❤️‍🔥 — ½ ﬁ Å",
}
"""What a tokenizer must give back: texts that a Korean model meets, spaces and all."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of trying a tokenizer out.

    `problem` says why it does not load or work; `bound` which bound it went beyond, so that nothing more is known.
    `largest_id` is of its vocabulary with added tokens; `lossy` names the texts that did not come back as they were.
    """

    problem: str = ""
    bound: str = ""
    largest_id: int = -1
    lossy: tuple[str, ...] = ()


class TokenizerRefusedError(Exception):
    """A tokenizer does not work, or not with these weights."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Keep the `field`, its `value` and the `rule` it breaks."""
        super().__init__(f"{field} is {value}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


def check_tokenizer(tried: Tried, config: Mapping[str, Any], embedding_rows: int | None) -> list[Finding]:
    """Return what is unusual in a tokenizer that was tried out. Raises `TokenizerRefusedError`."""
    if tried.bound:
        return [Finding("TOKENIZER_NOT_EXAMINED", TOKENIZER, tried.bound, "a tokenizer is tried out within bounds")]
    if tried.problem:
        raise TokenizerRefusedError(TOKENIZER, tried.problem, "must load and encode and decode any text")
    sizes = {"config.json: vocab_size": _vocab_size(config), "the rows of the embedding": embedding_rows}
    for name, size in sizes.items():
        if size is not None and tried.largest_id >= size:
            raise TokenizerRefusedError(
                f"{TOKENIZER}: largest id", tried.largest_id, f"must be below {size}, {name}: a token has its embedding"
            )
    if not tried.lossy:
        return []
    told = "a text that is encoded and decoded is the same again"
    return [Finding("TOKENIZER_LOSSY", TOKENIZER, f"changes {', '.join(tried.lossy)}", told)]


def _vocab_size(config: Mapping[str, Any]) -> int | None:
    part = config.get("text_config")
    for each in (config, part if isinstance(part, dict) else {}):
        size = each.get("vocab_size")
        if isinstance(size, int) and not isinstance(size, bool):
            return size
    return None
