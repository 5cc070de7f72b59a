"""The text of README.txt in every folder of format `dokpamo-export/2`. Another text is another format."""

from verify.readme_korean import KOREAN

ENGLISH = """\
독파모 공개 기록 · The public record of a Dokpamo programme
Format dokpamo-export/2

한국어 설명은 아래에 있습니다. 서버도 계정도 없이 확인할 수 있습니다:  dokpamo verify 폴더

This folder holds everything that is needed to check the programme without trusting who runs it, and without a server:

    dokpamo verify FOLDER
    dokpamo verify FOLDER --key FINGERPRINT     where you know the notary's key from elsewhere (a newspaper, a mirror)
    dokpamo verify FOLDER --witness KEY         where you know the key of somebody who watches the log

It ends with 0 if everything holds, and otherwise names each place that does not.

What is here
  manifest.json     every other file with its size and SHA-256, and the signed head that covers the log
  public-key.json   the notary's Ed25519 key; log_id is its SHA-256, the fingerprint
  heads/            signed heads of the log over time. The signature is over "dokpamo tree head v1", a line feed,
                    and the canonical JSON (RFC 8785) of log_id, root_hash, timestamp and tree_size
  checkpoint        the newest head in the form that mirrors and witnesses of any log read (c2sp.org/tlog-checkpoint),
                    with the cosignatures of the witnesses that saw it; checkpoints/ has all heads that one cosigned
  tile/             the nodes of the Merkle tree (c2sp.org/tlog-tiles): with them anyone makes every proof
  entries/          the log: one line an event, 256 a file. A line without its line feed is a leaf of the Merkle tree
                    (RFC 6962: SHA-256, 0x00 before a leaf, 0x01 before two nodes). The payload is the event in
                    protobuf's JSON mapping. What is blind or about a person is not in it: "sealed" names its place
                    (a JSON pointer, RFC 6901), its class and a commitment. Where two people withheld an entry, its
                    hash stands there, with who they are and why; the log has an event that says the same
  openings/         what was opened of the sealed values, one a line: the entry, the place in it, the salt and the
                    value (null is the field's default). The commitment is HMAC-SHA-256, keyed with the salt, over
                    "dokpamo sealed value v1", a line feed, and the canonical JSON of event_id, path and value
  rule-sets/        the frozen rules, named by their SHA-256
  inputs/           the scores and verdicts that a decision was computed from
  decisions/        the decisions
  receipts/         for each application its receipt, and the proof that it is in the log

What is checked
  1. Every file is listed, every listed file is there, every byte is as listed, every JSON is canonical.
  2. The key is the one that was asked for, and signed every head.
  3. The entries give the root of every head: nothing was taken out, put in or rewritten between any two heads. They
     give the same checkpoints and the same tiles, and the witnesses that were asked for saw this history.
  4. Every opening is the one of its place in its entry. What is blind is opened once its embargo has ended: with the
     release of its stage's results, or the closing of its call. Results are released when the rule set says, not
     earlier and not a day later. What is personal may stay sealed.
  5. Every rule set was logged whole when it was published, and frozen before its stage opened; one that took its place
     later has the consents in the log that the former one demands, of the teams that had a say by the log.
  6. Who entered a stage are all that a call's list, or the earlier stages' decisions, and the rules let in, and nobody
     else.
  7. Every score, comparison and verdict of a decision is in the log, as it was handed in or as the log tells that it
     was corrected, and none of the log is left out. Where each judge of a gate found by himself, the verdict is what
     more than half of them found, with their reasons and evidence, less those with a conflict of interest.
  8. Every decision follows from its rule set and inputs: it is computed again and must be the same, byte for byte. So
     is each version that a later one took the place of. Where officers decided in the place of what was computed, they
     are two and named; who goes on is then theirs, and only the computed decision beside it is computed again.
  9. Who leaves, what they lose and what the others are given is what the decision and its rule set say. The decision
     became final when its objection window was over, or early where every team of the stage had waived.
 10. Every view that was published follows from decision and policy, and was shown once, when its policy says.
 11. Every receipt is in the log and says what the logged application says, as far as that is open.
 12. No logged rule set, final decision or application is left out, and nothing is said twice otherwise.
 13. A reason that stands in two places (a change and its proposal, an override, a policy) is the same in both.
A version of a decision that is not final, and a final one whose results are not released, are told as such and are not
checked yet.

What nobody can see in a folder alone
  - Whose key it is. Another record under another key would hold as well: compare the fingerprint (--key).
  - What came after the newest head, and signed heads that were left out between two others. An older record holds too.
    A newer one must extend it: keep the size and the root of a head that you have seen, and find them in heads/ later,
    or ask the notary for the proof between the two sizes.
  - When a thing happened. An event bears the time that its service gave. What is proved is that it was in the log when
    a head that covers it was signed, and that it did not change since.
  - What is sealed or erased. Its number is told; what it was is not checked, and never said to be. The log tells of
    each erasure. A sheet whose assessor was erased is held against the decision by its scores alone.
  - Whether what a service said is true. The log proves that it was said, and that it was said only once. So it is with
    every reason and its wording; with a panel's minute, in which nobody is named and nobody judged by himself; with
    a consent that staff recorded for a team, whose evidence is sealed; with which applicants a call found ineligible;
    and with who was seated as a judge or an assessor, whose names may be erased.
  - For which call a stage was, where several lists would explain who entered: the log does not name it.

The program is libs/verify of the project; it is short, depends on little, and was written to be read.
"""

TEXT = f"{ENGLISH}\n{KOREAN}"
