"""`dokpamo originality examine`: two model folders, part by part."""

from __future__ import annotations

import secrets
from pathlib import Path  # noqa: TC003 - typer reads the signature
from typing import Annotated

import typer

from client.commands.originality.showing import advancing, finish, refusing
from client.commands.rules.language import AnyLang, AsJson, both, spoken

Seed = Annotated[
    int | None,
    typer.Option(
        min=0,
        help=both(
            "Seed of the sampling; default: drawn now. The same folders and seed give the same report.",
            "표본의 시드, 기본값은 지금 뽑습니다. 같은 폴더와 시드는 같은 보고서를 냅니다.",
        ),
    ),
]
Level = Annotated[
    float,
    typer.Option(
        min=1e-12,
        max=0.5,
        help=both(
            "Chance of one or more false findings by exact tests, of all of them together.",
            "정확 검정 전체에서 거짓 판정이 하나라도 나올 확률",
        ),
    ),
]
_HELP = both(
    """Compare the weights of two models, component by component: exact tests with p and correction.

    FIRST is the reference, SECOND is examined: folders with safetensors, or single files. Ends with 0 if nothing was
    found, with 1 if something was, with 2 if a model was refused. No finding says that a model is its makers' own.""",
    """두 모델의 가중치를 부분마다 비교합니다. 정확 검정의 p값과 보정을 함께 냅니다.

    FIRST는 참조, SECOND는 검사할 모델이며, safetensors가 든 폴더나 파일입니다. 찾은 것이 없으면 0, 있으면 1, 모델이
    거부되면 2로 끝납니다. 어떤 판정도 모델이 독자적으로 개발되었다고 말하지 않습니다.""",
)


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("examine", help=_HELP)(examine)


def examine(  # noqa: PLR0917 - typer reads the options from the signature, and nobody calls it otherwise
    first: Annotated[Path, typer.Argument(help=both("The reference model.", "참조 모델"))],
    second: Annotated[Path, typer.Argument(help=both("The model that is examined.", "검사할 모델"))],
    html: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help=both("Also write a page to read and print.", "읽고 인쇄할 쪽도 씁니다.")),
    ] = None,
    initial: Annotated[
        Path | None,
        typer.Option(
            help=both(
                "A folder with the initialisation, made again from the recorded seed and code.",
                "기록된 시드와 코드로 다시 만든 초깃값의 폴더",
            )
        ),
    ] = None,
    seed: Seed = None,
    level: Level = 0.001,
    units: Annotated[
        int, typer.Option(min=16, max=4096, help=both("Units sampled of each component.", "부분마다 뽑을 단위의 수"))
    ] = 512,
    moved_layers: Annotated[
        int,
        typer.Option(
            min=0,
            help=both("Layers searched for moved units (not exact).", "옮겨진 단위를 찾을 층의 수 (정확하지 않음)"),
        ),
    ] = 4,
    as_json: AsJson = False,
    lang: AnyLang = None,
) -> None:
    """Compare the weights of two models."""
    from originality.folders import examine_folders

    language = spoken(lang)
    with refusing("examine", language, as_json=as_json), advancing() as progress:
        report = examine_folders(
            first,
            second,
            seed=secrets.randbits(53) if seed is None else seed,
            level=level,
            units=units,
            moved_layers=moved_layers,
            initial=initial,
            workers=2,
            progress=progress,
        )
    finish([report], language, as_json=as_json, pages=None if html is None else [html])
