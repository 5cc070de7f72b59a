"""How a page looks: colours that stay apart without colour vision, and letters that stay apart without colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from originality.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

COLOURS: Final[Mapping[Finding, str]] = {
    Finding.IDENTICAL: "#d55e00",
    Finding.DERIVED: "#e69f00",
    Finding.PARTLY_DERIVED: "#f0e442",
    Finding.SHARED_INITIALISATION: "#cc79a7",
    Finding.NO_EVIDENCE: "#bcd9ee",
    Finding.NOT_TESTABLE: "#e3e3e3",
}
LETTERS: Final[Mapping[Finding, str]] = {
    Finding.IDENTICAL: "I",
    Finding.DERIVED: "D",
    Finding.PARTLY_DERIVED: "P",
    Finding.SHARED_INITIALISATION: "S",
    Finding.NO_EVIDENCE: "·",
    Finding.NOT_TESTABLE: "×",
}
STYLE: Final = """
:root{color-scheme:light}
body{font:15px/1.5 "Noto Sans KR","Noto Sans CJK KR","NanumGothic","Apple SD Gothic Neo","Malgun Gothic",system-ui,
sans-serif;color:#1a1a1a;background:#fff;max-width:62rem;margin:2rem auto;padding:0 1.2rem;word-break:keep-all;
overflow-wrap:anywhere}
h1{font-size:1.7rem;margin:0 0 .3rem}
h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:2px solid #1a1a1a;padding-bottom:.2rem}
.lead{margin:.2rem 0 1rem;font-size:1.05rem}
.never{border:2px solid #1a1a1a;padding:.7rem 1rem;font-weight:600}
table{border-collapse:collapse;width:100%;font-size:.87rem}
th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid #d5d5d5}
th{font-weight:600;background:#f4f4f4}
thead{display:table-header-group}
tr{break-inside:avoid}
td:first-child{min-width:9rem;max-width:16rem}
.counts td:not(:first-child),.counts th:not(:first-child){text-align:right}
.all td:nth-child(5),.all td:nth-child(6),.all td:nth-child(7){font-variant-numeric:tabular-nums;white-space:nowrap}
.map td{padding:.1rem .4rem;border:0}
.map td:first-child{width:1%;white-space:nowrap;max-width:none}
.map thead{display:none}
sup{line-height:0}
.cell{display:inline-block;margin:0 1px 1px 0}
.mark{display:inline-block;min-width:1.1rem;text-align:center;font:600 .72rem/1.1rem ui-monospace,monospace;
border:1px solid #777;print-color-adjust:exact;-webkit-print-color-adjust:exact}
dt{font-weight:600;margin-top:.4rem}
dd{margin:0 0 0 1.2rem}
code{font:.8rem ui-monospace,monospace}
ol{padding-left:1.6rem}
@media print{body{margin:0;max-width:none;font-size:10pt}a{color:inherit;text-decoration:none}h2{break-after:avoid}}
@page{size:A4;margin:14mm}
"""
