"""Rule sets and decisions: pure, exact, the same for the services, for staff and for a stranger who checks."""

from rules.canonical import canonical_json, sha256_hex
from rules.carrying import carry
from rules.collecting import collect
from rules.completeness import InputsIncompleteError, Lacking, Missing, missing_of
from rules.deciding import decide
from rules.decision import Decision, DecisionRefusedError, Eliminated, GateResult, Row, decision_from_json
from rules.document import RuleSet
from rules.eligibility import check_entrants
from rules.explaining import explain
from rules.inputs import CarriedFigure, Comparison, Inputs, Measurement, Provenance, Score, Verdict
from rules.loading import canonical_bytes, load_rule_set, rule_set_from_json, schema, sha256_of
from rules.plain_yaml import read_yaml
from rules.programme_checks import check_programme
from rules.reading_inputs import inputs_from_json
from rules.scheduling import load_schedule
from rules.score_file import load_inputs
from rules.summary import Summary, summarise
from rules.violations import InputsRefusedError, RuleSetInvalidError, ScheduleInvalidError, Violation, YamlRefusedError

__all__ = [
    "CarriedFigure",
    "Comparison",
    "Decision",
    "DecisionRefusedError",
    "Eliminated",
    "GateResult",
    "Inputs",
    "InputsIncompleteError",
    "InputsRefusedError",
    "Lacking",
    "Measurement",
    "Missing",
    "Provenance",
    "Row",
    "RuleSet",
    "RuleSetInvalidError",
    "ScheduleInvalidError",
    "Score",
    "Summary",
    "Verdict",
    "Violation",
    "YamlRefusedError",
    "canonical_bytes",
    "canonical_json",
    "carry",
    "check_entrants",
    "check_programme",
    "collect",
    "decide",
    "decision_from_json",
    "explain",
    "inputs_from_json",
    "load_inputs",
    "load_rule_set",
    "load_schedule",
    "missing_of",
    "read_yaml",
    "rule_set_from_json",
    "schema",
    "sha256_hex",
    "sha256_of",
    "summarise",
]
