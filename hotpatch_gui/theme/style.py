"""Tokens as palette and style sheet. Fonts are set on widgets, because a style sheet loses weights."""

from __future__ import annotations

import re

from PySide6.QtGui import QColor, QPalette

from .tokens import CORNER_PX, ROW_PX, Tokens


def palette(t: Tokens) -> QPalette:
    role = QPalette.ColorRole
    made = QPalette()
    for name, color in (
        (role.Window, t.background),
        (role.WindowText, t.text),
        (role.Base, t.surface),
        (role.AlternateBase, t.background),
        (role.Text, t.text),
        (role.Button, t.surface),
        (role.ButtonText, t.text),
        (role.BrightText, t.error),
        (role.ToolTipBase, t.raised),
        (role.ToolTipText, t.text),
        (role.Highlight, t.selection),
        (role.HighlightedText, t.text),
        (role.PlaceholderText, t.secondary),
        (role.Link, t.accent_text),
        (role.Mid, t.divider),
        (role.Accent, t.accent),
    ):
        made.setColor(name, QColor(color))
    for name in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, name, QColor(t.disabled))
    return made


def style_sheet(t: Tokens, icons: str, scale: float = 1.0) -> str:
    """The style sheet; ``icons`` is the folder of its small pictures. Every length grows with the text."""
    return _LENGTH.sub(lambda m: f"{max(1, round(int(m[1]) * scale))}px", _rules(t, icons))


_LENGTH = re.compile(r"\b([1-9]\d*)px")


def _rules(t: Tokens, icons: str) -> str:
    return f"""
QWidget#surface, QFrame#surface, QStackedWidget#surface {{ background: {t.surface}; }}
QFrame#header {{ background: {t.surface}; border-bottom: 1px solid {t.divider}; }}
QFrame#rail {{ background: {t.background}; border-right: 1px solid {t.divider}; }}
QFrame#commands {{ background: {t.surface}; border-bottom: 1px solid {t.divider}; }}
QFrame#statusBar {{ background: {t.background}; border-top: 1px solid {t.divider}; }}
QFrame#listPanel {{ background: {t.surface}; }}
QFrame#line {{ background: {t.divider}; border: none; }}
QFrame#tile {{ background: {t.raised}; border: 1px solid {t.divider}; border-radius: {CORNER_PX}px; }}
QFrame#tile[clickable="true"]:hover {{ background: {t.hover}; }}
QFrame#tile[selected="true"] {{ border: 1px solid {t.accent}; background: {t.selection}; }}
QFrame#tile:focus {{ border: 2px solid {t.accent}; }}
QFrame#banner[level="ok"] {{ background: {t.success_surface}; }}
QFrame#banner[level="info"] {{ background: {t.hover}; }}
QFrame#banner[level="warning"] {{ background: {t.warning_surface}; }}
QFrame#banner[level="error"] {{ background: {t.error_surface}; }}
QFrame#toast {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: {CORNER_PX}px; }}
QToolButton#bell::menu-indicator {{ image: none; }}
QFrame#banner {{ border-radius: {CORNER_PX}px; }}
QLabel[role="secondary"] {{ color: {t.secondary}; }}
QLabel[role="error"] {{ color: {t.error}; }}
QPushButton#demo, QPushButton#demo:disabled {{ background: {t.warning_surface}; color: {t.text};
    border: none; border-radius: {CORNER_PX}px; min-height: 24px; padding: 3px 26px 3px 8px; }}
QPushButton#demo:focus {{ border: 2px solid {t.accent}; padding: 1px 24px 1px 6px; }}
QPushButton#demo:disabled {{ padding: 3px 8px; }}
QPushButton#machineFilter {{ padding: 0 30px 0 12px; }}
QPushButton#machineFilter:focus {{ padding: 0 29px 0 11px; }}
QPushButton::menu-indicator {{ image: url("{icons}/chevron-{t.scheme}.svg"); width: 14px; height: 14px;
    subcontrol-origin: padding; subcontrol-position: right center; right: 8px; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.border}; padding: 4px; }}
QMenu {{ background: {t.raised}; border: 1px solid {t.divider}; padding: 4px; }}
QMenu::item {{ padding: 6px 24px 6px 12px; border-radius: {CORNER_PX}px; }}
QMenu::item:selected {{ background: {t.hover}; }}
QMenu::item:disabled {{ color: {t.disabled}; }}
QMenu::separator {{ height: 1px; background: {t.divider}; margin: 4px; }}
QToolButton {{ border: 1px solid transparent; border-radius: {CORNER_PX}px; padding: 6px 8px;
    background: transparent; color: {t.text}; }}
QToolButton:hover {{ background: {t.hover}; }}
QToolButton:pressed {{ background: {t.divider}; }}
QToolButton:focus {{ border-color: {t.accent}; }}
QToolButton:disabled {{ color: {t.disabled}; }}
QToolBar {{ border: none; background: {t.surface}; spacing: 4px; padding: 0; }}
QToolButton#qt_toolbar_ext_button {{ padding: 0; border: none; }}
QToolButton#qt_toolbar_ext_button:hover {{ background: {t.divider}; }}
QToolButton#toastClose {{ padding: 0 4px; border: none; }}
QFrame#rail QToolButton {{ border-radius: 0; border: none; border-left: 3px solid transparent;
    padding: 8px 2px 6px 0px; color: {t.secondary}; }}
QFrame#rail QToolButton:checked {{ border-left-color: {t.accent}; color: {t.text};
    background: {t.surface}; }}
QFrame#rail QToolButton:focus {{ background: {t.hover}; }}
QPushButton {{ min-height: 30px; padding: 0 16px; border: 1px solid {t.border};
    border-radius: {CORNER_PX}px; background: {t.surface}; color: {t.text}; }}
QPushButton:hover {{ background: {t.hover}; }}
QPushButton:pressed {{ background: {t.divider}; }}
QPushButton:focus {{ border: 2px solid {t.accent}; padding: 0 15px; }}
QPushButton:disabled {{ color: {t.disabled}; border-color: {t.divider}; }}
QPushButton[primary="true"] {{ background: {t.accent}; border-color: {t.accent}; color: {t.on_accent}; }}
QPushButton[primary="true"]:hover {{ background: {t.accent_text}; border-color: {t.accent_text}; }}
QPushButton[primary="true"]:focus {{ border: 2px solid {t.text}; }}
QPushButton[primary="true"]:disabled {{ background: {t.divider}; border-color: {t.divider};
    color: {t.disabled}; }}
QPushButton[flat="true"] {{ min-height: 24px; padding: 0 4px; border: 1px solid transparent; text-align: left; }}
QPushButton[flat="true"]:focus {{ border: 2px solid {t.accent}; padding: 0 3px; }}
QPushButton[flat="true"]:disabled {{ color: {t.secondary}; border-color: transparent; }}
QPushButton[link="true"] {{ min-height: 24px; padding: 0; border: none; background: transparent; color: {t.accent_text};
    text-align: left; }}
QPushButton[link="true"]:hover {{ text-decoration: underline; }}
QPushButton[link="true"]:focus {{ border: 2px solid {t.accent}; padding: 0 2px; }}
QPushButton[chip="true"] {{ min-height: 24px; padding: 0 10px; border: 1px solid {t.border};
    border-radius: 13px; }}
QPushButton[chip="true"]:focus {{ border: 2px solid {t.accent}; padding: 0 9px; }}
QPushButton[chip="true"]:checked {{ background: {t.selection}; border-color: {t.accent}; }}
QLineEdit, QPlainTextEdit, QSpinBox, QDateTimeEdit, QComboBox {{ min-height: 30px; padding: 0 8px;
    border: 1px solid {t.border}; border-radius: {CORNER_PX}px; background: {t.surface};
    color: {t.text}; selection-background-color: {t.selection}; selection-color: {t.text}; }}
QLineEdit, QPlainTextEdit {{ placeholder-text-color: {t.secondary}; }}
QSpinBox, QDateTimeEdit {{ max-height: 30px; }}
QPlainTextEdit {{ padding: 4px; }}
QLineEdit:focus, QPlainTextEdit:focus, QSpinBox:focus, QDateTimeEdit:focus, QComboBox:focus {{
    border: 2px solid {t.accent}; padding: 0 7px; }}
QPlainTextEdit:focus {{ padding: 3px; }}
QLineEdit[invalid="true"] {{ border-color: {t.error}; }}
QLineEdit:disabled, QSpinBox:disabled, QDateTimeEdit:disabled, QComboBox:disabled,
QPlainTextEdit:disabled {{ color: {t.disabled}; border-color: {t.divider}; }}
QComboBox {{ padding: 0 8px 0 10px; }}
QComboBox:focus {{ padding: 0 7px 0 9px; }}
QComboBox::drop-down, QDateTimeEdit::drop-down {{ border: none; width: 24px; }}
QComboBox::down-arrow, QDateTimeEdit::down-arrow {{ image: url("{icons}/chevron-{t.scheme}.svg");
    width: 14px; height: 14px; }}
QComboBox::down-arrow:disabled, QDateTimeEdit::down-arrow:disabled, QSpinBox::down-arrow:disabled {{
    image: url("{icons}/chevron-disabled-{t.scheme}.svg"); }}
QSpinBox::up-button, QSpinBox::down-button {{ border: none; width: 22px; background: transparent; }}
QSpinBox::up-arrow {{ image: url("{icons}/chevron-up-{t.scheme}.svg"); width: 12px; height: 12px; }}
QSpinBox::down-arrow {{ image: url("{icons}/chevron-{t.scheme}.svg"); width: 12px; height: 12px; }}
QHeaderView::up-arrow {{ image: url("{icons}/chevron-up-{t.scheme}.svg"); width: 12px; height: 12px; }}
QHeaderView::down-arrow {{ image: url("{icons}/chevron-{t.scheme}.svg"); width: 12px; height: 12px; }}
QComboBox QAbstractItemView {{ background: {t.raised}; border: 1px solid {t.divider};
    selection-background-color: {t.selection}; selection-color: {t.text}; outline: none; }}
QCheckBox, QRadioButton {{ spacing: 8px; color: {t.text}; min-height: 24px; }}
QCheckBox:disabled, QRadioButton:disabled {{ color: {t.disabled}; }}
QSpinBox QLineEdit, QDateTimeEdit QLineEdit, QComboBox QLineEdit {{ border: none; min-height: 0; padding: 0;
    background: transparent; }}
QDateTimeEdit {{ padding: 0 0 0 8px; }}
QDateTimeEdit:focus {{ padding: 0 0 0 7px; }}
QTreeView::indicator, QListWidget::indicator {{ width: 14px; height: 14px; border: 1px solid {t.border}; border-radius: 3px;
    background: {t.surface}; }}
QTreeView::indicator:checked, QListWidget::indicator:checked {{ background: {t.accent}; border-color: {t.accent};
    image: url("{icons}/tick-{t.scheme}.svg"); }}
QListWidget {{ border: 1px solid {t.divider}; border-radius: {CORNER_PX}px; background: {t.surface}; outline: none; }}
QListWidget:focus {{ border: 2px solid {t.accent}; }}
QListWidget::item {{ min-height: 28px; padding: 0 4px; color: {t.text}; }}
QListWidget::item:selected {{ background: {t.selection}; }}
QTreeView::indicator:disabled {{ border-color: {t.divider}; }}
QCheckBox::indicator {{ width: 16px; height: 16px; border: 1px solid {t.border};
    border-radius: 3px; background: {t.surface}; }}
QCheckBox::indicator:checked {{ background: {t.accent}; border-color: {t.accent};
    image: url("{icons}/tick-{t.scheme}.svg"); }}
QCheckBox::indicator:indeterminate {{ background: {t.accent}; border-color: {t.accent};
    image: url("{icons}/dash-{t.scheme}.svg"); }}
QCheckBox::indicator:focus {{ width: 14px; height: 14px; border: 2px solid {t.accent}; }}
QCheckBox::indicator:disabled {{ border-color: {t.divider}; }}
QRadioButton::indicator {{ width: 16px; height: 16px; border: 1px solid {t.border};
    border-radius: 9px; background: {t.surface}; }}
QRadioButton::indicator:checked {{ width: 8px; height: 8px; border: 5px solid {t.accent};
    background: {t.surface}; }}
QRadioButton::indicator:focus {{ border-color: {t.text}; }}
QRadioButton::indicator:disabled {{ border-color: {t.divider}; }}
QTabWidget::pane {{ border: none; border-top: 1px solid {t.divider}; }}
QTabWidget::tab-bar {{ left: 8px; }}
QTabBar {{ background: {t.surface}; }}
QTabBar::tab {{ padding: 9px 4px 7px 4px; margin: 0 12px 0 4px; color: {t.secondary};
    border: none; border-bottom: 2px solid transparent; background: transparent; }}
QTabBar::tab:hover {{ color: {t.text}; }}
QTabBar::tab:selected {{ color: {t.text}; border-bottom: 2px solid {t.accent}; }}
QTabBar::tab:focus {{ border: 2px solid {t.accent}; border-radius: {CORNER_PX}px; padding: 7px 2px 7px 2px; }}
QTableView, QTreeView, QTableWidget {{ background: {t.surface}; border: none; outline: none;
    gridline-color: {t.divider}; selection-background-color: {t.selection};
    selection-color: {t.text}; }}
QTableView::item {{ padding: 0 8px; }}
QTreeView::item, QTableWidget::item {{ min-height: {ROW_PX - 1}px; padding: 0 8px;
    border-bottom: 1px solid {t.divider}; }}
QTreeView::item:disabled {{ color: {t.secondary}; }}
QTreeView::item:selected {{ background: {t.selection}; color: {t.text}; }}
QHeaderView {{ background: {t.surface}; border: none; border-bottom: 1px solid {t.divider}; }}
QHeaderView::section {{ background: {t.surface}; color: {t.secondary}; border: none; padding: 0 8px 0 11px;
    min-height: {ROW_PX}px; }}
QHeaderView::section:first, QHeaderView::section:only-one {{ padding-left: 16px; }}
QTreeView QHeaderView::section:first, QTreeView QHeaderView::section:only-one,
QTableWidget QHeaderView::section:first, QTableWidget QHeaderView::section:only-one {{ padding-left: 11px; }}
QHeaderView::section:hover {{ background: {t.hover}; }}
QTableCornerButton::section {{ background: {t.surface}; border: none; }}
QFrame#focusRing {{ border: 2px solid {t.accent}; border-radius: {CORNER_PX}px; background: transparent; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ border: none; background: {t.surface}; }}
QAbstractScrollArea::corner {{ background: {t.surface}; border: none; }}
QScrollBar:vertical {{ width: 12px; background: transparent; }}
QScrollBar:horizontal {{ height: 12px; background: transparent; }}
QScrollBar::handle {{ background: {t.disabled}; border-radius: 3px; margin: 3px; min-height: 28px;
    min-width: 28px; }}
QScrollBar::handle:hover {{ background: {t.border}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QSplitter::handle {{ background: {t.divider}; }}
QProgressBar {{ border: none; border-radius: 2px; background: {t.divider}; max-height: 4px;
    min-height: 4px; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 2px; }}
"""
