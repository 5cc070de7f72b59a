"""`dokpamo originality fingerprint` and `compare`: a catalogue of models whose weights are not needed again."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from client.commands.originality.examining import Level, Seed  # noqa: TC001 - typer reads the signature
from client.commands.originality.showing import advancing, finish, refusing
from client.commands.rules.language import AnyLang, AsJson, both, say, spoken

_FINGERPRINT_HELP = both(
    """Write the fingerprint of a model: a small file that a later examination needs, and no weights.

    Ends with 0, or with 2 if the model was refused.""",
    """모델의 지문을 씁니다. 나중의 검사에 필요한 작은 파일이며, 가중치는 들어 있지 않습니다.

    0으로 끝나며, 모델이 거부되면 2로 끝납니다.""",
)
_COMPARE_HELP = both(
    """Compare a model with every fingerprint of a folder; the correction is for all of them together.

    Ends with 0 if nothing was found, with 1 if something was, with 2 if a model or fingerprint was refused.""",
    """모델을 폴더의 모든 지문과 비교합니다. 보정은 그 전체에 대한 것입니다.

    찾은 것이 없으면 0, 있으면 1, 모델이나 지문이 거부되면 2로 끝납니다.""",
)
_Folder = Annotated[Path, typer.Argument(help=both("A folder with a model, or its file.", "모델이 든 폴더나 파일"))]


def register(group: typer.Typer) -> None:
    """Add the commands."""
    group.command("fingerprint", help=_FINGERPRINT_HELP)(fingerprint)
    group.command("compare", help=_COMPARE_HELP)(compare)


def fingerprint(
    folder: _Folder,
    output: Annotated[Path, typer.Option("--output", "-o", dir_okay=False, help=both("The file to write.", "쓸 파일"))],
    name: Annotated[
        str | None,
        typer.Option(help=both("The model's name; default: that of its folder.", "모델의 이름, 기본값은 폴더 이름")),
    ] = None,
    lang: AnyLang = None,
) -> None:
    """Write the fingerprint of a model."""
    from originality.folders import write_fingerprint

    language = spoken(lang)
    with refusing("fingerprint", language, as_json=False):
        parts = write_fingerprint(folder, output, name)
    size = f"{output.stat().st_size:,}"
    print(say(language, f"{output}: {parts} parts, {size} bytes", f"{output}: 부분 {parts}개, {size}바이트"))


def compare(
    folder: _Folder,
    catalogue: Annotated[Path, typer.Argument(help=both("A folder with fingerprints.", "지문이 든 폴더"))],
    html: Annotated[
        Path | None,
        typer.Option(
            file_okay=False, help=both("Also write a page for each into this folder.", "각각의 쪽도 이 폴더에 씁니다.")
        ),
    ] = None,
    seed: Seed = None,
    level: Level = 0.001,
    as_json: AsJson = False,
    lang: AnyLang = None,
) -> None:
    """Compare a model with a catalogue."""
    from originality.folders import examine_against

    language = spoken(lang)
    with refusing("compare", language, as_json=as_json), advancing() as progress:
        reports = examine_against(
            catalogue,
            folder,
            seed=secrets.randbits(53) if seed is None else seed,
            level=level,
            progress=progress,
        )
    pages = None
    if html is not None:
        html.mkdir(parents=True, exist_ok=True)
        pages = [html / f"{number:04}.html" for number in range(1, len(reports) + 1)]
    finish(reports, language, as_json=as_json, pages=pages)
