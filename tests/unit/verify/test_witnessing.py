"""What a witness signs: only what extends everything that it saw."""

from __future__ import annotations

import pytest
from verify.checkpoint import Checkpoint
from verify.tree import Tree
from verify.witnessing import LogForkedError, LogShrankError, OtherLogError, require_extension

ORIGIN = "dokpamo-log/one"


def history(*leaves: str) -> Tree:
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf.encode())
    return tree


HONEST = history(*"abcdefg")
FORKED = history(*"abXdefg")


def checkpoint(tree: Tree, size: int, origin: str = ORIGIN) -> Checkpoint:
    return Checkpoint(origin, size, tree.root(size))


def test_a_log_that_grows_is_followed() -> None:
    require_extension(None, checkpoint(HONEST, 3), [])
    require_extension(checkpoint(HONEST, 3), checkpoint(HONEST, 7), HONEST.consistency(3, 7))
    require_extension(checkpoint(HONEST, 7), checkpoint(HONEST, 7), [])
    require_extension(checkpoint(HONEST, 0), checkpoint(HONEST, 7), [])


@pytest.mark.parametrize("size", [3, 5, 7])
def test_a_second_history_of_any_size_is_a_fork(size: int) -> None:
    seen, shown = checkpoint(HONEST, 3), checkpoint(FORKED, size)
    for proof in (FORKED.consistency(3, size), HONEST.consistency(3, size), []):
        with pytest.raises(LogForkedError) as refused:
            require_extension(seen, shown, proof)
        assert refused.value.code == "LOG_FORKED"
        assert (refused.value.seen, refused.value.shown) == (seen, shown)


def test_a_log_that_is_shorter_has_shrunk_also_where_what_is_left_is_the_same() -> None:
    with pytest.raises(LogShrankError) as refused:
        require_extension(checkpoint(HONEST, 7), checkpoint(HONEST, 6), [])
    assert refused.value.code == "LOG_SHRANK"


def test_a_checkpoint_of_another_log_is_not_taken_for_this_one() -> None:
    with pytest.raises(OtherLogError):
        require_extension(checkpoint(HONEST, 3), checkpoint(HONEST, 7, "dokpamo-log/two"), HONEST.consistency(3, 7))
