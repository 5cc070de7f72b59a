"""The scale model really learns, gives the same figures twice, and says what is wrong with its job."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
import pytest
from common.errors import Refused
from scale_model import checkpoint
from scale_model.__main__ import platforms_fault
from scale_model.corpus import held_out_bytes, paragraphs, training_bytes, windows
from scale_model.job import DEFAULT_HIDDEN_UNITS, VARIABLE, JobInvalidError, TrainingJob, evaluation_job, training_job
from scale_model.measuring import measure
from scale_model.network import Shape, initial, loss_and_gradients
from scale_model.reporting import StepReport
from scale_model.training import Step, train

if TYPE_CHECKING:
    from pathlib import Path

    from scale_model.network import Weights

SHAPE = Shape(hidden_units=32)
JOB = TrainingJob("job", "upstage", "2025-h2", "solar", 7, 60, 32, "", "127.0.0.1:1", "token")
DOCUMENT = {
    "job_id": "job",
    "team_id": "upstage",
    "period": "2025-h2",
    "model": "solar",
    "seed": 7,
    "steps": 60,
    "registry_address": "127.0.0.1:1",
    "token": "token",
}


def trained(seed: int = 7, steps: int = 60) -> tuple[Weights, list[Step]]:
    weights = initial(SHAPE, seed)
    log: list[Step] = []
    train(weights, SHAPE, seed=seed, steps=steps, continued=False, report=log.append)
    return weights, log


def test_the_loss_visibly_falls_and_the_model_beats_chance_on_bytes_it_never_saw() -> None:
    weights, log = trained(steps=200)
    assert log[-1].loss < log[0].loss / 2
    before, after = measure(initial(SHAPE, 7), SHAPE), measure(weights, SHAPE)
    assert after.bits_per_byte < 5 < before.bits_per_byte
    assert after.accuracy > Decimal("0.2")
    assert after.items == len(held_out_bytes()) - SHAPE.context_bytes


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        weights, log = trained(seed, steps=5)
        checkpoint.save(tmp_path / name, weights, SHAPE, JOB, log)
    files = [checkpoint.CONFIG, checkpoint.WEIGHTS, checkpoint.CARD, checkpoint.LOG]
    assert all((tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes() for file in files)
    assert (tmp_path / "a" / checkpoint.WEIGHTS).read_bytes() != (tmp_path / "c" / checkpoint.WEIGHTS).read_bytes()


def test_a_saved_checkpoint_is_measured_like_the_model_it_was(tmp_path: Path) -> None:
    weights, log = trained(steps=5)
    checkpoint.save(tmp_path, weights, SHAPE, JOB, log)
    loaded, shape = checkpoint.load(tmp_path)
    assert shape == SHAPE
    assert measure(loaded, shape) == measure(weights, SHAPE)


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, initial(SHAPE, 1), SHAPE, JOB, [])
    (tmp_path / checkpoint.CONFIG).write_text('{"architecture": "transformer"}')
    with pytest.raises(checkpoint.CheckpointUnreadableError, match="transformer"):
        checkpoint.load(tmp_path)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"hidden_units": None}, "config.hidden_units"),
        ({"hidden_units": "32"}, "config.hidden_units"),
        ({"embedding_width": True}, "config.embedding_width"),
        ({"context_bytes": -1}, "config.context_bytes"),
        ({"hidden_units": 10**9}, "tensors"),
    ],
)
def test_a_configuration_that_does_not_fit_its_weights_names_the_field(
    tmp_path: Path, changes: dict[str, Any], field: str
) -> None:
    checkpoint.save(tmp_path, initial(SHAPE, 1), SHAPE, JOB, [])
    config = json.loads((tmp_path / checkpoint.CONFIG).read_text())
    (tmp_path / checkpoint.CONFIG).write_text(json.dumps({**config, **changes}))
    with pytest.raises(checkpoint.CheckpointUnreadableError) as refusal:
        checkpoint.load(tmp_path)
    assert refusal.value.field == field


def test_weights_of_another_type_or_none_are_refused(tmp_path: Path) -> None:
    weights = {name: tensor.astype(np.float16) for name, tensor in initial(SHAPE, 1).items()}
    checkpoint.save(tmp_path, weights, SHAPE, JOB, [])  # type: ignore[arg-type]  # of another type on purpose
    with pytest.raises(checkpoint.CheckpointUnreadableError, match="float16"):
        checkpoint.load(tmp_path)
    (tmp_path / checkpoint.WEIGHTS).unlink()
    with pytest.raises(checkpoint.CheckpointUnreadableError, match="must hold the weights"):
        checkpoint.load(tmp_path)


@pytest.mark.parametrize(
    ("status", "platforms"),
    [
        (grpc.StatusCode.UNAVAILABLE, True),
        (grpc.StatusCode.UNAUTHENTICATED, True),
        (grpc.StatusCode.INTERNAL, True),
        (grpc.StatusCode.INVALID_ARGUMENT, False),
        (grpc.StatusCode.ALREADY_EXISTS, False),
    ],
)
def test_a_fault_of_the_platform_is_told_from_one_of_the_job(status: grpc.StatusCode, platforms: bool) -> None:
    assert platforms_fault(Refused("CODE", "words", status=status)) is platforms
    assert not platforms_fault(ValueError("not a refusal"))


def test_gradients_agree_with_differences() -> None:
    shape = Shape(context_bytes=3, embedding_width=2, hidden_units=4)
    weights = {name: tensor.astype(np.float64) for name, tensor in initial(shape, 3).items()}
    context, following = np.array([[1, 2, 1], [3, 2, 2]]), np.array([2, 5])
    _, gradients = loss_and_gradients(weights, context, following)  # type: ignore[arg-type]  # in double precision for the differences
    for layer, place in {"embedding": (2, 1), "hidden": (0, 1), "output": (1, 5)}.items():
        name = f"{layer}.weight"
        values = []
        for step in (1e-6, -1e-6):
            weights[name][place] += step
            values.append(loss_and_gradients(weights, context, following)[0])  # type: ignore[arg-type]  # as above
            weights[name][place] -= step
        assert math.isclose((values[0] - values[1]) / 2e-6, float(gradients[name][place]), rel_tol=1e-3, abs_tol=1e-6)


def test_nothing_held_out_is_trained_on() -> None:
    held_out = [text for text, out in paragraphs() if out]
    learned = training_bytes().tobytes().decode()
    assert len(held_out) >= 4
    assert not any(text in learned for text in held_out)


def test_a_window_is_the_bytes_before_its_position() -> None:
    data = np.arange(10, dtype=np.uint8)
    assert windows(data, np.array([3, 9]), 3).tolist() == [[0, 1, 2], [6, 7, 8]]


def test_progress_is_told_about_twenty_times(capsys: pytest.CaptureFixture[str]) -> None:
    ticks = iter(range(1000))
    report = StepReport(100, clock=lambda: float(next(ticks)))
    for number in range(1, 101):
        report(Step(number, 2.0, number * 256))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 20
    last = json.loads(lines[-1].removeprefix("PROGRESS "))
    assert (last["step"], last["loss"], last["tokens_per_second"]) == (100, "2.0000", 1280)


def test_a_job_is_read_with_its_defaults() -> None:
    job = training_job({VARIABLE: json.dumps(DOCUMENT)})
    assert (job.hidden_units, job.parent_checkpoint, job.licence) == (DEFAULT_HIDDEN_UNITS, "", "Apache-2.0")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("job_id", ""),
        ("seed", -1),
        ("seed", True),
        ("steps", 0),
        ("steps", "60"),
        ("steps", None),
        ("token", 1),
        ("licence", ""),
    ],
)
def test_a_job_that_breaks_a_rule_names_the_field(field: str, value: Any) -> None:
    with pytest.raises(JobInvalidError) as refusal:
        training_job({VARIABLE: json.dumps({**DOCUMENT, field: value})})
    assert refusal.value.field == field


@pytest.mark.parametrize("text", ["", "[]", "{", "1"])
def test_a_job_that_is_no_object_is_refused(text: str) -> None:
    for read in (training_job, evaluation_job):
        with pytest.raises(JobInvalidError):
            read({VARIABLE: text})


PART = {"offset_bytes": 0, "size_bytes": 3, "sha256": "a" * 64, "url": "http://store/a"}
SOURCE = {"path": "a", "size_bytes": 3, "sha256": "a" * 64, "parts": [PART]}


def test_an_evaluation_is_told_files_and_their_parts() -> None:
    job = evaluation_job({VARIABLE: json.dumps({"run_id": "r", "checkpoint_digest": "d", "sources": [SOURCE]})})
    assert [(source.path, [(part.size_bytes, part.url) for part in source.parts]) for source in job.sources] == [
        ("a", [(3, "http://store/a")])
    ]


@pytest.mark.parametrize(
    "sources",
    [
        None,
        [],
        [1],
        [{"path": "a"}],
        [SOURCE | {"parts": "a"}],
        [SOURCE | {"parts": [1]}],
        [SOURCE | {"parts": [PART | {"sha256": "not hex"}]}],
        [SOURCE | {"parts": [PART | {"size_bytes": 0}]}],
    ],
)
def test_an_evaluation_without_files_is_refused(sources: Any) -> None:
    with pytest.raises(JobInvalidError):
        evaluation_job({VARIABLE: json.dumps({"run_id": "r", "checkpoint_digest": "d", "sources": sources})})


def test_the_command_says_by_its_status_that_the_job_is_invalid_and_never_loads_ray_or_torch() -> None:
    program = (
        "import sys; from scale_model.__main__ import main; status = main(['train']);"
        "import scale_model.commands; print(status, 'ray' in sys.modules, 'torch' in sys.modules)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env={VARIABLE: "{}"}, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "False", "False"]
    assert "job_id" in done.stderr
