"""Text from people stays text: whatever a saved plan says, no format reads it as syntax.

Each hostile text is tried beside a harmless one at the same place of the same plan: what the two
become differs by that text alone, for every program that reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cache
from itertools import product, zip_longest
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioner import workflow
from provisioner.errors import DlsetupError
from provisioner.plan import Plan
from provisioner.render import FORMATS, RenderedFile, render
from provisioner.render.quoting import comment
from tests.outputs.kinds import kind_of
from tests.outputs.questions import SPREAD, files_for, plan_for
from tests.outputs.syntax import CANARY, TREES, tree

PLAIN = "Q7plainZ7"
FILE = Path("plan.json")
Path_ = tuple[str | int, ...]
FRAGMENTS = (
    *(
        f"$({CANARY})",
        f"`{CANARY}`",
        f"; {CANARY} ;",
        f"\n{CANARY}\n",
        f"' {CANARY} '",
        f'" {CANARY} "',
    ),
    *(f"| {CANARY}", f"&& {CANARY} #", f"<({CANARY})", f"${{x:=$({CANARY})}}", f"\\\n{CANARY}\n"),
    *("'", '"', "\\", "`", "$", "${HOME}", "$HOME", "%s", "%n", "!", "!!", "~", "*", "?", "[a]"),
    *("{{ 7*7 }}", "{% raw %}", "{# x #}", "{## x ##}", "#", " # ", "# shellcheck disable=all"),
    *(
        "\n",
        "\r",
        "\r\n",
        "\t",
        "\0",
        "\x1b[31m",
        "\x7f",
        "\x85",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\u202e",
    ),
    *(
        "\nRUN id\n",
        "\nFROM scratch\n",
        "\nPYTHON\n",
        "\nTEXT\n",
        "\nEOF\n",
        "]]",
        "}",
        ")",
        "\n}\n",
    ),
    *(
        ": ",
        " : x",
        "- ",
        "\n- x\n",
        "&a",
        "*a",
        "!!python/object/apply:os.system",
        "|",
        ">",
        "---",
    ),
    *(
        "\n---\n",
        "...",
        "\n[x]\n",
        "'''",
        '"""',
        "=",
        ",",
        "@",
        "%",
        "é",
        "日本",
        "\U0001f600",
        " ",
    ),
    *(
        "--index-url=https://evil.example.org",
        "--",
        "-r",
        " --hash=sha256:0",
        "\\n",
        "\\x41",
        "\\u0041",
    ),
)
STARTS = (
    "",
    "-",
    "--",
    "#",
    "&",
    "*",
    "!",
    "@",
    "%",
    "? ",
    "- ",
    ": ",
    "'",
    '"',
    "$",
    "=",
    "\\",
    " ",
)
ENDS = ("", "\\", "\n", " ", "'", '"', " #", ":", "\\\n", "$", "\r")
WRAPS = (
    "{}",
    "evil @ https://example.org/{}",
    "evil[{}]",
    "evil=={}",
    "evil; python_version > '3{}'",
)

text = st.builds(
    lambda start, body, end: f"{start}Q7{''.join(body)}Z7{end}",
    st.sampled_from(STARTS),
    st.lists(
        st.sampled_from(FRAGMENTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
        max_size=5,
    ),
    st.sampled_from(ENDS),
)
WORST = (
    f"Q7{''.join(FRAGMENTS)}Z7",
    f"Q7{''.join(part for part in FRAGMENTS if part.isprintable())}Z7",
    *(f"Q7{part}Z7" for part in FRAGMENTS[:16]),
    *(f"{part}Q7" for part in STARTS),
    *(f"Z7{part}" for part in ENDS),
)
BASES = [SPREAD[place] for place in (0, 5, 6, 9, 11, 15, 19, 20, 30, 32)]
_ADDED: Mapping[str, Callable[[str], Any]] = {
    "companions": str,
    "constraints": lambda told: {"requirement": told, "reason": told, "evidence": told},
    "warnings": lambda told: {"reference": told, "message": told},
    "notes": lambda told: {"reference": told, "message": told},
    "gpus": lambda told: {"name": told},
    "why": str,
}
"""What one more element of a list is."""


@cache
def document(base: str) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(plan_for(base)))
    return {**found, "steps": [], "refused": [], "alternatives": []}


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Where text stands in a plan or may stand: strings, nothings, and the ends of lists."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from places(below, (*path, key))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from places(below, (*path, number))
        if path and path[-1] in _ADDED:
            yield (*path, len(value))
    elif value is None or isinstance(value, str):
        yield path


def with_text(base: str, path: Path_, told: str) -> Plan:
    """The plan with a text at that place. Raises ValidationError where no text may stand."""
    changed = deepcopy(document(base))
    *way, last = path
    holder: Any = changed
    for key in way:
        holder = holder[key]
    if last == len(holder) and isinstance(holder, list):
        holder.append(_ADDED[str(way[-1])](told))
    else:
        holder[last] = told
    return msgspec.convert(changed, Plan)


def rendered(plan: Plan, format_name: str) -> tuple[RenderedFile, ...] | None:
    try:
        return render((plan,), format_name, workflow.catalog())
    except DlsetupError:
        return None


def is_shown(base: str, path: Path_) -> bool:
    """Whether text may stand there, and shows in any format."""
    try:
        plan = workflow.believed(with_text(base, path, PLAIN), FILE)
    except (msgspec.ValidationError, DlsetupError):
        return False
    files = (file for name in FORMATS for file in rendered(plan, name) or ())
    return any(PLAIN in file.text for file in files)


@cache
def shown() -> Mapping[str, Sequence[tuple[str, Path_]]]:
    """The places that count, by what they hold: places of a kind are tried alike often."""
    found: dict[str, list[tuple[str, Path_]]] = {}
    for base in BASES:
        for path in places(document(base)):
            kind = " ".join(key for key in path if isinstance(key, str))
            if is_shown(base, path):
                found.setdefault(kind, []).append((base, path))
    return found


KINDS = sorted(shown())
anywhere = st.sampled_from(KINDS).flatmap(lambda kind: st.sampled_from(shown()[kind]))


def differ_in_comments_alone(hostile: str, plain: str) -> bool:
    """Whether all that differs is whole lines that begin as comments, in either text.

    Up to the first such line both are read alike, so there it is a comment to both readers.
    """
    pairs = [*zip_longest(hostile.split("\n"), plain.split("\n"), fillvalue="")]
    different = [pair for pair in pairs if pair[0] != pair[1]]
    first = pairs[0] in different
    return not first and all(line.startswith("#") for pair in different for line in pair)


def differs(hostile: Any, plain: Any, told: str) -> str:
    """Where two trees differ by more than the text; empty where they do not."""
    if isinstance(plain, dict) and isinstance(hostile, dict):
        return differs([*hostile.items()], [*plain.items()], told)
    if isinstance(plain, list | tuple) and isinstance(hostile, list | tuple):
        if len(plain) != len(hostile):
            more = [one for one in hostile if one not in plain]
            return f"{len(hostile)} and {len(plain)} parts: {more!r}\n"
        pairs = zip(hostile, plain, strict=True)
        inner = "".join(differs(one, two, told) for one, two in pairs)
        return inner or _options(hostile, plain)
    if hostile == plain:
        return ""
    if isinstance(hostile, str) and _is_same_text(hostile, str(plain), told):
        return ""
    return f"{hostile!r} stands for {plain!r}\n"


def _options(hostile: Sequence[Any], plain: Sequence[Any]) -> str:
    """Words that a program would take for options of its own, though nobody wrote an option."""
    for one, two in zip(hostile, plain, strict=True):
        if one == "--":
            break
        if str(one).startswith("-") and not str(two).startswith("-"):
            return f"{one!r} is an option\n"
    return ""


def _is_same_text(hostile: str, plain: str, told: str) -> bool:
    if re.fullmatch(r"[A-Za-z0-9 ._+-]*", hostile):
        return True
    shown = "".join(char if char.isprintable() else " " for char in told)
    variants = (told, shown, shown.lstrip(), shown.rstrip(), comment(told))
    apart = hostile.replace("$ {", "${").replace("{ {", "{{")
    texts = (hostile, _unescaped(hostile), apart)
    return any(
        _without_digest(text.replace(variant, PLAIN)) == _without_digest(plain)
        for text in texts
        for variant in variants
        if variant
    )


def _without_digest(text: str) -> str:
    """A text without the digest of its plan, which every word of that changes."""
    return re.sub(r"\b[0-9a-f]{16}\b", "", text)


def _unescaped(text: str) -> str:
    """What an address says by the signs that a file of requirements would read as its own."""
    return re.sub(r"%(24|5C|23|2D)", lambda found: chr(int(found[1], 16)), text)


def test_every_kind_of_file_has_a_reader_of_its_syntax() -> None:
    kinds = {
        kind_of(file.path) for base in BASES for name in FORMATS for file in files_for(base, name)
    }

    assert kinds - {*TREES} == set(), "no proof for these kinds"


def test_the_places_that_are_tried_are_those_that_a_person_can_write_to() -> None:
    assert {"machine gpus name", "machine arch", "request companions"} <= {*shown()}
    assert {"constraints requirement", "constraints reason", "warnings message"} <= {*shown()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("canary")


@pytest.mark.parametrize("kind", KINDS)
def test_the_worst_texts_stay_text_wherever_they_stand(folder: Path, kind: str) -> None:
    where = shown()[kind]
    wraps = WRAPS[:2] if kind == "request companions" else WRAPS[:1]
    for number, (told, wrap) in enumerate(product(WORST, wraps)):
        base, path = where[number % len(where)]
        stays_text(base, path, told, wrap, folder)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(anywhere, text, st.sampled_from(WRAPS))
def test_no_text_of_a_saved_plan_becomes_syntax_in_any_format(
    folder: Path, place: tuple[str, tuple[str | int, ...]], told: str, wrap: str
) -> None:
    base, path = place
    stays_text(base, path, told, wrap, folder)


def stays_text(base: str, path: Path_, told: str, wrap: str, folder: Path) -> None:
    """Whether two texts at one place make a difference that is theirs alone, or are refused."""
    try:
        hostile = workflow.believed(with_text(base, path, wrap.format(told)), FILE)
        plain = workflow.believed(with_text(base, path, wrap.format(PLAIN)), FILE)
    except DlsetupError:
        return
    for format_name in FORMATS:
        files, others = rendered(hostile, format_name), rendered(plain, format_name)
        if files is None or others is None:
            continue
        assert [file.path for file in files] == [file.path for file in others]
        for file, beside in zip(files, others, strict=True):
            if differ_in_comments_alone(file.text, beside.text):
                continue
            seen = tree(file.path, file.text, folder)
            expected = tree(beside.path, beside.text, folder)
            assert differs(seen, expected, told) == "", format_name
        assert not (folder / "sang").exists(), f"{format_name} {path} ran it"
