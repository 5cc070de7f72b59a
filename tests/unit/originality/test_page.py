"""The page of a report: all of it, in both languages, safe with hostile names, and nothing from elsewhere."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from originality import Finding
from originality.folders import examine_against, examine_folders, write_fingerprint
from originality.folders.page import page, power
from originality.folders.words import (
    FINDINGS,
    KINDS,
    UntranslatedError,
    finding_explained,
    finding_said,
    kind_said,
    said,
    tower_said,
)

from tests.builders.model_folder import write_model
from tests.builders.tiny_models import LLAMA, MIXTRAL, SEEING, llama, mixtral, seeing, trained_on

if TYPE_CHECKING:
    from originality.folders import FolderReport
    from originality.folders.words import Language

LIBRARY = Path(__file__).resolve().parents[3] / "libs/originality/originality"
HOSTILE = "model.layers.0.<script>alert(1)</script>.weight"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> FolderReport:
    folder = tmp_path_factory.mktemp("page")
    parent = llama(1)
    extra = {HOSTILE: parent["lm_head.weight"]}
    first = write_model(folder / "<b>first", parent | extra, LLAMA)
    second = write_model(folder / "second", trained_on(parent, 0.1, 2) | extra, {**LLAMA, "name": "</td><script>"})
    (second / "LICENSE").write_text("<script>alert(2)</script>")
    return examine_folders(first, second, seed=7)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_page_is_whole_and_brings_all_that_it_needs(report: FolderReport, language: Language) -> None:
    text = page(report, language)
    reader = _Reader()
    reader.feed(text)
    assert reader.open == []
    assert not {"script", "link", "img", "iframe", "object"} & set(reader.tags)
    assert all(source.startswith("#n") for source in reader.sources)
    assert "http" not in text
    assert "@import" not in text
    assert "&lt;script&gt;" in text
    assert f'<html lang="{language}">' in text


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_page_tells_every_component_with_its_count_and_p(report: FolderReport, language: Language) -> None:
    text = page(report, language)
    for one in report.components:
        assert kind_said(one.kind, language) in text
        if one.found.count is not None:
            assert f"<td>{one.found.count:,} / {one.found.compared:,}</td>" in text
            assert power(one.found.log10_p) in text
    assert str(report.seed) in text
    assert report.first.headers_sha256 in text
    for finding in Finding:
        assert finding_said(finding, language) in text
        assert finding_explained(finding, language) in text


def test_the_page_says_what_it_never_says(report: FolderReport) -> None:
    assert "it never says that a model is its makers&#x27; own" in page(report, "en")
    assert "독자적으로 개발되었다고 말하지 않습니다" in page(report, "ko")
    for one in (report, replace(report, components=(), counts={})):
        words = re.sub(r"<style>.*?</style>", "", page(one, "en"))
        assert "original" not in words.lower()


def test_the_same_report_is_the_same_page(report: FolderReport) -> None:
    assert page(report, "ko") == page(report, "ko")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_pages_of_experts_towers_and_fingerprints_are_told(tmp_path: Path, language: Language) -> None:
    experts = [write_model(tmp_path / str(seed), mixtral(seed), MIXTRAL) for seed in (1, 2)]
    text = page(examine_folders(*experts, seed=1), language)
    assert ("expert 3" if language == "en" else "전문가 3") in text
    towers = [write_model(tmp_path / f"s{seed}", seeing(seed, 9), SEEING) for seed in (1, 2)]
    assert tower_said("vision", language) in page(examine_folders(*towers, seed=1), language)
    for seed, model in enumerate(experts):
        write_fingerprint(model, tmp_path / f"{seed}.safetensors")
    text = page(examine_against(tmp_path, experts[0], seed=1)[1], language)
    assert ("one of 2 comparisons" if language == "en" else "비교 2건") in text
    assert ("fingerprint" if language == "en" else "지문") in text


def test_probabilities_are_printed_for_people() -> None:
    assert [power(one) for one in (None, 0.0, -1.0, -3.2, -104.4, -2000.0)] == [
        "–",
        "1",
        "0.1",
        "10<sup>−3</sup>",
        "10<sup>−104</sup>",
        "10<sup>−2000</sup>",
    ]


def _sentences(file: Path) -> set[str]:
    """Every text of a module of at least five words that is no docstring and no part of a larger one."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    parts |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.Raise) for part in ast.walk(node)}
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts
        if len(node.value.split()) >= 5 and node.value not in KINDS and node.value[0] not in ";^|"
    }


@pytest.mark.parametrize(
    "module",
    ["finding", "measuring", "folders/attention", "folders/anatomy", "folders/chains", "folders/whole", "folders/part"],
)
def test_every_sentence_of_a_finding_has_its_korean(module: str) -> None:
    found = _sentences(LIBRARY / f"{module}.py")
    assert found
    for sentence in found:
        assert re.search("[가-힣]", said(sentence, "ko")), sentence
        assert said(sentence, "en") == sentence


def test_sentences_with_numbers_have_their_korean() -> None:
    assert (
        said("24 units are too few for 20 tests at this level", "ko") == "단위 24개는 이 수준에서 검정 20건에 너무 적다"
    )
    assert said("3 units are too few for 20 tests at this level; every value is equal", "ko").endswith("모든 값은 같다")
    assert "(4, 5)" in said("the shapes differ: (4, 5) and (6, 5)", "ko")
    with pytest.raises(UntranslatedError):
        said("something that nobody said", "ko")


def test_every_kind_has_a_name_in_both_languages(report: FolderReport) -> None:
    assert {one.kind for one in report.components} <= KINDS.keys()
    assert FINDINGS.keys() == set(Finding)
    assert all(english and korean for english, korean in KINDS.values())
