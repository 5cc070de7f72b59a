"""Whether the weights of two models are independent, component by component: pure, on arrays, with stated error."""

from originality.chance import holm, log10_bound, log10_tail
from originality.examining import ComponentFinding, Examination, examine
from originality.finding import Finding
from originality.matching import Matching, match
from originality.measuring import Component, Likeness
from originality.moved import Agreement, Alignment, Ways, agree, align
from originality.order import UnitAxis
from originality.refusing import WeightsRefusedError

__all__ = [
    "Agreement",
    "Alignment",
    "Component",
    "ComponentFinding",
    "Examination",
    "Finding",
    "Likeness",
    "Matching",
    "UnitAxis",
    "Ways",
    "WeightsRefusedError",
    "agree",
    "align",
    "examine",
    "holm",
    "log10_bound",
    "log10_tail",
    "match",
]
