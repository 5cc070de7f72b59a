"""Two runs give the same bytes: in other processes, whatever the order of sets and the zone of the machine."""

import json
import os
import subprocess
import sys

import rules

from tests.unit.rules.test_other_programmes import ALL, FOLDER, decided, inputs, rule_set

PROGRAM = """
import json, sys
from pathlib import Path
import rules
folder, found = Path(sys.argv[1]), {}
for path in sys.argv[2:]:
    document = rules.load_rule_set((folder / path).read_bytes())
    given = rules.load_inputs((folder / path.replace("rule-sets", "scores")).read_bytes())
    decision = rules.decide(document, given)
    text = "".join(rules.explain(document, decision, lang) for lang in ("ko", "en"))
    found[path] = [rules.sha256_of(document), given.sha256(), decision.sha256(), rules.sha256_hex(text.encode())]
print(json.dumps(found))
"""


def elsewhere(seed: str, zone: str) -> dict[str, list[str]]:
    environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C", "PYTHONUTF8": "1"}
    command = [sys.executable, "-c", PROGRAM, str(FOLDER), *ALL]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, list[str]] = json.loads(ran.stdout)
    return found


def test_every_decision_has_the_same_bytes_in_other_processes() -> None:
    here = {
        path: [
            rules.sha256_of(rule_set(path)),
            inputs(path).sha256(),
            decided(path).sha256(),
            rules.sha256_hex(
                "".join(rules.explain(rule_set(path), decided(path), lang) for lang in ("ko", "en")).encode()
            ),
        ]
        for path in ALL
    }
    assert len(here) >= 8
    assert elsewhere("1", "America/New_York") == here
    assert elsewhere("4294967295", "Asia/Seoul") == here
