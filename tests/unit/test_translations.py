"""Each text of the window is collected for translators, and English has every plural form."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from hotpatch_gui import translation
from hotpatch_gui.system.resources import resource
from hotpatch_gui.translation import translated, translator

TOP = Path(__file__).parents[2]
PACKAGE = TOP / "hotpatch_gui"
SHOWING = frozenset(
    {
        "CommandError",
        "Problem",
        "QAction",
        "QCheckBox",
        "QLabel",
        "QPushButton",
        "QRadioButton",
        "RequestError",
        "addAction",
        "addItem",
        "addRow",
        "addTab",
        "label",
        "print",
        "say",
        "setAccessibleDescription",
        "setAccessibleName",
        "setHeaderLabels",
        "setHorizontalHeaderLabels",
        "setPlaceholderText",
        "setText",
        "setToolTip",
        "setWindowTitle",
        "show_empty_state",
        "show_figure",
        "show_text",
    }
)
"""Calls whose texts a user reads."""
NOT_FOR_USERS = ("captures", "simulator", "self_test.py", "store/migrations.py")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """``packaging/translations.py``."""
    spec = importlib.util.spec_from_file_location("_tool", TOP / "packaging" / "translations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def bracketed() -> Iterator[None]:
    """A language that shows each translated text in brackets."""
    previous = translation.set_lookup(lambda context, source, number: f"[{source}]")
    yield
    translation.set_lookup(previous)


def test_every_plural_form_of_english_is_in_the_file(tool: ModuleType) -> None:
    plural = {m for m in tool.messages(PACKAGE) if m.has_number}
    forms = tool.read(TOP / "resources" / "translations" / "en.ts")
    assert forms.keys() == plural, "run make translations"
    for message, texts in forms.items():
        assert len(texts) == tool.PLURALS, message
        for text in texts:
            assert text, message
            assert tool.fields(text) == tool.fields(message.source), message
            assert "(s)" not in text, message


def test_the_compiled_file_is_made_from_the_source_file(tool: ModuleType, tmp_path: Path) -> None:
    compiled = tmp_path / "en.qm"
    tool.compile_file(TOP / "resources" / "translations" / "en.ts", compiled)
    assert compiled.read_bytes() == resource("translations/en.qm").read_bytes()


@pytest.mark.parametrize(
    "code",
    [
        'tr(f"{count} machines")',
        'tr("{count} machines", number=1)',
        'tr("{count} machines")',
        'tr.mark("a" + name)',
    ],
)
def test_text_outside_tr_is_an_error(tool: ModuleType, tmp_path: Path, code: str) -> None:
    (tmp_path / "module.py").write_text(f'tr = translator("Module")\n{code}\n', encoding="utf-8")
    with pytest.raises(tool.SourceError):
        tool.messages(tmp_path)


def test_no_text_for_users_is_outside_tr() -> None:
    found = [
        f"{path.relative_to(TOP)}:{line}: {text}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if not any(f"hotpatch_gui/{part}" in path.as_posix() for part in NOT_FOR_USERS)
        for line, text in _raw_texts(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not found, "\n".join(found)


def _raw_texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = ast.unparse(call.func).rpartition(".")[2]
        if name not in SHOWING:
            continue
        shown = call.args[:1] if name == "addItem" else call.args  # its second argument is data
        for argument in shown:
            parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
            text = "".join(str(p.value) for p in parts if isinstance(p, ast.Constant))
            if any(len(word) > 2 and word.isalpha() for word in text.split()):
                yield call.lineno, text


def test_values_and_numbers_are_put_into_the_translation(bracketed: None) -> None:
    tr = translator("Test")
    assert tr("{name} runs", name="vm-01 {x} %n") == "[vm-01 {x} %n runs]"
    assert tr("%n machine(s) of {total}", 1234, total=2) == "[1,234 machine(s) of 2]"
    marked = tr.mark("Never assessed")
    assert marked == "Never assessed"
    assert translated(marked) == tr(marked) == "[Never assessed]"
    assert translated("vm-web-01") == "vm-web-01"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 machines"), (1, "1 machine"), (2, "2 machines"), (10_000, "10,000 machines")],
)
def test_english_has_plural_forms(count: int, text: str) -> None:
    assert translator("Phrases")("%n machine(s)", count) == text


def test_a_text_without_a_translation_is_shown_as_it_is() -> None:
    assert translator("Test")("%n thing(s)", 3) == "3 thing(s)"
    previous = translation.set_lookup(lambda *_: "")
    try:
        assert translator("Phrases")("%n machine(s)", 3) == "3 machine(s)"
    finally:
        translation.set_lookup(previous)


def test_qt_is_not_imported_for_a_text_without_a_number() -> None:
    """A command that prints one sentence starts without Qt."""
    code = (
        "import sys; from hotpatch_gui.system import translations; translations.install();"
        "from hotpatch_gui.translation import translator; translator('Test')('Done.');"
        "sys.exit('PySide6' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=TOP).returncode == 0
