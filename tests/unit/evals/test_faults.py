"""The corpus of seeded faults keeps its promises."""

import ast
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from evals.faults import CORPUS, KINDS, Fault, MalformedFault, Program, load_faults

FAULTS = load_faults()
PROGRAMS = list({fault.program.name: fault.program for fault in FAULTS}.values())
QUOTED_LINE = re.compile(r'  File "([^"]+)", line (\d+), in .+\n    (.+)')

LIMIT_PER_TEST = """
import signal
import pytest

@pytest.fixture(autouse=True)
def limit():
    def stop(*_):
        pytest.fail("timed out", pytrace=False)
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 2.0)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
"""


def name_of(case: Fault | Program) -> str:
    return case.id if isinstance(case, Fault) else case.name


every_fault = pytest.mark.parametrize("fault", FAULTS, ids=name_of)
every_program = pytest.mark.parametrize("program", PROGRAMS, ids=name_of)


def outcomes(files: dict[str, str], folder: Path) -> dict[str, Counter[str]]:
    """Run the tests among `files`; per test module, how many passed, failed, broke or timed out."""
    files = {**files, "conftest.py": LIMIT_PER_TEST, "pytest.ini": "[pytest]\n"}
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    command = [sys.executable, "-m", "pytest", "-pno:cacheprovider", "--junitxml=junit.xml"]
    bare = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, cwd=folder, env=bare, capture_output=True, timeout=100, check=False)
    counts: dict[str, Counter[str]] = {}
    for case in ET.parse(folder / "junit.xml").iter("testcase"):
        module = case.get("classname", "").removeprefix("tests.")
        counts.setdefault(module, Counter())[verdict(case)] += 1
    return counts


def verdict(case: ET.Element) -> str:
    if case.find("error") is not None:
        return "broke"
    failure = case.find("failure")
    if failure is None:
        return "passed"
    return "timed out" if "timed out" in (failure.get("message") or "") else "failed"


def total(counts: dict[str, Counter[str]], tests: Iterable[str]) -> Counter[str]:
    """The counts of the modules in `tests`, paths like `tests/test_x.py`, summed."""
    modules = [Path(path).stem for path in tests]
    return sum((counts.get(module, Counter()) for module in modules), Counter())


def test_corpus_is_large_and_varied() -> None:
    assert len(FAULTS) >= 72
    assert len(PROGRAMS) >= 18
    assert len({fault.kind for fault in FAULTS}) >= 18


def test_every_folder_has_faults() -> None:
    folders = {path.name for path in CORPUS.iterdir() if path.is_dir()}
    assert folders == {program.name for program in PROGRAMS}


def test_identifiers_are_unique() -> None:
    repeated = [name for name, n in Counter(fault.id for fault in FAULTS).items() if n > 1]
    assert not repeated


def test_a_program_belongs_to_one_split() -> None:
    splits: dict[str, set[str]] = {}
    for fault in FAULTS:
        splits.setdefault(fault.program.name, set()).add(fault.split)
    assert all(len(found) == 1 for found in splits.values())


def test_the_splits_are_about_even() -> None:
    tune = sum(fault.split == "tune" for fault in FAULTS)
    assert 0.4 <= tune / len(FAULTS) <= 0.6


def test_every_kind_is_met() -> None:
    assert {fault.kind for fault in FAULTS} == KINDS


@every_fault
def test_fault_changes_the_program_and_still_parses(fault: Fault) -> None:
    faulty = fault.apply()
    changed = {path for path, text in faulty.items() if text != fault.program.files[path]}
    assert changed == {change.path for change in fault.replacements}
    for path in changed:
        assert ast.dump(ast.parse(faulty[path])) != ast.dump(ast.parse(fault.program.files[path]))


@every_fault
def test_only_a_fault_in_two_places_has_two_replacements(fault: Fault) -> None:
    assert (len(fault.replacements) == 2) == (fault.kind == "two-places")


@every_fault
def test_ticket_is_a_report_of_two_to_six_sentences(fault: Fault) -> None:
    prose = fault.ticket.split("Traceback")[0]
    assert prose.count(".") + prose.count("!") + prose.count("?") >= 2
    assert len(fault.ticket) <= 1200


@every_fault
def test_traceback_in_a_ticket_quotes_the_faulty_program(fault: Fault) -> None:
    faulty = fault.apply()
    for path, number, code in QUOTED_LINE.findall(fault.ticket):
        if path in faulty:
            assert faulty[path].splitlines()[int(number) - 1].strip() == code


@every_program
def test_halves_of_the_tests_have_different_names_and_similar_sizes(program: Program) -> None:
    assert program.visible_tests
    assert program.hidden_tests
    assert not set(program.visible_tests) & set(program.hidden_tests)
    for half in (program.visible_tests, program.hidden_tests):
        assert 6 <= sum(text.count("\ndef test_") for text in half.values()) <= 20


def test_text_that_is_not_found_is_refused(tmp_path: Path) -> None:
    fault = load_faults(corpus_of_one(tmp_path, before="x = 3"))[0]
    with pytest.raises(MalformedFault, match="nothing-found: text met 0 times"):
        fault.apply()


def test_text_found_twice_is_refused(tmp_path: Path) -> None:
    fault = load_faults(corpus_of_one(tmp_path, before="= 1"))[0]
    with pytest.raises(MalformedFault, match="met 2 times"):
        fault.apply()


def test_found_text_is_replaced_in_its_file_alone(tmp_path: Path) -> None:
    fault = load_faults(corpus_of_one(tmp_path, before="x = 1"))[0]
    assert fault.apply() == {"one.py": "x = 2\ny = 1\n", "inner/two.py": "x = 1\n"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "off-by-one"', "", "sample/nothing-found: 'kind' is missing"),
        ("off-by-one", "mystery", "no such kind: mystery"),
        ('"tune"', '"train"', "no such split: train"),
        ("[[fault]]", "[[fault", "faults.toml"),
    ],
)
def test_malformed_entry_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    root = corpus_of_one(tmp_path, before="x = 1")
    table = root / "sample" / "faults.toml"
    table.write_text(table.read_text().replace(old, new))
    with pytest.raises(MalformedFault, match=message):
        load_faults(root)


def corpus_of_one(root: Path, before: str) -> Path:
    program = root / "sample" / "program"
    (program / "inner").mkdir(parents=True)
    (program / "one.py").write_text("x = 1\ny = 1\n")
    (program / "inner" / "two.py").write_text("x = 1\n")
    (root / "sample" / "faults.toml").write_text(
        '[[fault]]\nid = "nothing-found"\nkind = "off-by-one"\nsplit = "tune"\n'
        f'path = "one.py"\nbefore = "{before}"\nafter = "x = 2"\nticket = "Wrong. Very wrong."\n'
    )
    return root


@pytest.mark.slow
@every_program
def test_correct_program_is_green_in_both_halves(program: Program, tmp_path: Path) -> None:
    tests = {**program.visible_tests, **program.hidden_tests}
    counts = outcomes({**program.files, **tests}, tmp_path)
    assert set(total(counts, tests)) == {"passed"}
    assert len(counts) == len(tests)


@pytest.mark.slow
@every_fault
def test_fault_reddens_both_halves_and_spares_a_visible_test(fault: Fault, tmp_path: Path) -> None:
    tests = {**fault.visible_tests, **fault.hidden_tests}
    counts = outcomes({**fault.apply(), **tests}, tmp_path)
    visible, hidden = total(counts, fault.visible_tests), total(counts, fault.hidden_tests)
    assert visible["passed"]
    assert visible["failed"] + visible["timed out"]
    assert hidden["failed"] + hidden["timed out"]
    assert not visible["broke"] + hidden["broke"]
    assert bool(visible["timed out"] + hidden["timed out"]) == fault.hangs
