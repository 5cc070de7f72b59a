"""Model cards: what is missing is told, and what contradicts the declaration is refused."""

from __future__ import annotations

import pytest
from registry.domain.cards import CardContradictsError, check_card

GOOD = """---
license: apache-2.0
language:
- ko
- en
---
# Solar

## Training data

Korean texts.
"""


def codes(card: str | None, licence: str = "Apache-2.0", paths: tuple[str, ...] = ()) -> list[str]:
    found = check_card(None if card is None else card.encode(), licence, paths)
    assert all(finding.field and finding.rule for finding in found)
    return [finding.code for finding in found]


@pytest.mark.parametrize("heading", ["## Training data", "# 학습 데이터", "### Datasets", "- Data: texts", "## 말뭉치"])
def test_a_whole_card_is_taken(heading: str) -> None:
    assert codes(GOOD.replace("## Training data", heading)) == []
    assert codes(GOOD.replace("\n", "\r\n")) == []
    assert codes("\ufeff" + GOOD) == []


def test_what_is_missing_is_told() -> None:
    assert codes(None) == ["CARD_MISSING"]
    assert codes("# Solar\n") == [
        "CARD_FRONT_MATTER_MISSING",
        "CARD_LICENCE_MISSING",
        "CARD_LANGUAGES_MISSING",
        "CARD_DATA_MISSING",
    ]
    assert codes(GOOD.replace("license: apache-2.0\n", "")) == ["CARD_LICENCE_MISSING"]
    assert codes(GOOD.replace("- ko\n- en\n", "")) == ["CARD_LANGUAGES_MISSING"]
    assert codes(GOOD.replace("## Training data", "## Usage")) == ["CARD_DATA_MISSING"]
    assert codes(GOOD.replace("## Training data", "## Usage").replace("---\n#", "datasets: [kobest]\n---\n#")) == []


def test_another_licence_than_the_declared_one_is_refused() -> None:
    with pytest.raises(CardContradictsError) as refusal:
        codes(GOOD, "MIT")
    assert (refusal.value.field, refusal.value.value) == ("README.md: license", "apache-2.0")
    assert "MIT" in refusal.value.rule


def test_licences_in_the_words_of_cards_are_understood() -> None:
    assert codes(GOOD, "MIT OR Apache-2.0") == []
    other = GOOD.replace("apache-2.0", "other\nlicense_name: solar-community")
    assert codes(other, "LicenseRef-solar-community", ("LICENSE",)) == []
    assert codes(GOOD.replace("apache-2.0", "other"), "LicenseRef-x", ("LICENSE",)) == ["CARD_LICENCE_DIFFERS"]
    assert codes(GOOD.replace("apache-2.0", "[mit, gpl-3.0]"), "MIT") == ["CARD_LICENCE_DIFFERS"]


@pytest.mark.parametrize("licence", ["LicenseRef-own", "solar-community", "Korean Licence"])
def test_a_licence_that_is_no_identifier_stands_in_a_file(licence: str) -> None:
    card = GOOD.replace("apache-2.0", f"other\nlicense_name: {licence}")
    assert "LICENCE_TEXT_MISSING" in codes(card, licence)
    for path in ("LICENSE", "LICENCE.md", "LICENSE.txt"):
        assert "LICENCE_TEXT_MISSING" not in codes(card, licence, (path,))


BOMB = "a: &a [x,x,x,x,x,x,x,x]\n" + "".join(f"b{n}: &b{n} [{', '.join(['*a'] * 9)}]\n" for n in range(9))


@pytest.mark.parametrize(
    "front",
    [
        BOMB,
        "!!python/object/apply:os.system [ls]",
        "license: apache-2.0\nlicense: mit",
        "- a list",
        "[" * 1000,
        "a: " + "x" * 100_000,
        "\0",
        "license: [",
        "? {a: b}\n: c",
    ],
)
def test_front_matter_that_is_no_plain_yaml_is_none(front: str) -> None:
    assert "CARD_FRONT_MATTER_MISSING" in codes(f"---\n{front}\n---\n## Data\n")


@pytest.mark.parametrize("value", ["5", "true", "{a: b}", "[1, 2]", "''", "[[ko]]"])
def test_values_of_other_types_count_as_missing(value: str) -> None:
    assert codes(GOOD.replace("apache-2.0", value))[0] == "CARD_LICENCE_MISSING"


def test_a_card_of_odd_bytes_is_read() -> None:
    assert next(f.code for f in check_card(b"\xff\xfe---", "MIT", ())) == "CARD_FRONT_MATTER_MISSING"
