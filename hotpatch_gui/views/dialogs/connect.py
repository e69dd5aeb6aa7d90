"""A connection to Azure: its cloud, account, and whether it may change anything."""

from __future__ import annotations

import sys

from PySide6.QtCore import QFileInfo
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QLineEdit,
    QPushButton,
    QWidget,
)

from hotpatch_gui.domain.clouds import CLOUDS, CUSTOM, PUBLIC, Cloud, cloud_of, custom_problems
from hotpatch_gui.domain.connections import Connection, SignInMethod, TrialOutcome
from hotpatch_gui.models.connection_list import id_of, name_of, works
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.form import Form
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.problem_field import ProblemField

from .surface import SurfaceDialog

tr = translator("ConnectDialog")

CERTIFICATES = tr.mark("Certificates (*.pem *.pfx *.p12);;All files (*)")
FIELDS = ("name", "endpoint", "authority", "audience", "tenant", "client_id", "certificate")
READ_ONLY = tr.mark(
    "Without this, the program only reads and changes nothing in Azure. You can turn it on later."
)


class ConnectDialog(SurfaceDialog):
    """Creates a connection, or changes ``connection``, which is then stored and signed in."""

    def __init__(
        self, services: Services, parent: QWidget, connection: Connection | None = None
    ) -> None:
        title = tr("Change connection") if connection else tr("Connect to Azure")
        super().__init__(services.theme, "connectDialog", title, parent)
        self._s, self._was = services, connection
        self._trying: Connection | None = None
        self._failed_id = 0
        """A connection created here that didn't work; it is removed with the dialog."""
        self._make_fields()
        self._lay_out()
        if connection is not None:
            self._load(connection)
        for box in (self.cloud, self.method):
            box.currentIndexChanged.connect(self.check)
        for field in self._texts:
            field.textChanged.connect(self.check)
        self.check()

    def _make_fields(self) -> None:
        self.name = self._field("connectName", tr("Name"), tr("Contoso production"))
        self.cloud = QComboBox()
        self.cloud.setObjectName("connectCloud")
        for key, cloud in CLOUDS.items():
            self.cloud.addItem(cloud.name, key)
        self.cloud.addItem(tr("Custom cloud"), CUSTOM)
        self.endpoint = self._field(
            "connectEndpoint", tr("ARM endpoint"), "https://management.local.azurestack.external"
        )
        self.authority = self._field(
            "connectAuthority", tr("Authority"), "https://login.microsoftonline.com"
        )
        self.audience = self._field(
            "connectAudience", tr("Audience"), tr("same as the ARM endpoint by default")
        )
        self.method = QComboBox()
        self.method.setObjectName("connectMethod")
        for method in offered_methods():
            self.method.addItem(method.label, method)
        self.tenant = self._field(
            "connectTenant", tr("Tenant"), tr("Tenant ID or domain; empty for your own")
        )
        self.client_id = self._field(
            "connectClient", tr("Client ID"), tr("Of the app registration or managed identity")
        )
        self.certificate = self._field(
            "connectCertificate", tr("Certificate file"), tr("With its private key: PEM or PFX")
        )
        self.browse = QPushButton(tr("Browse…"))
        self.browse.setAutoDefault(False)
        self.browse.clicked.connect(self._browse)
        self.changes_allowed = QCheckBox(
            tr(
                "Allow changes through this connection: assess, install, start, restart, change settings"
            )
        )
        self.changes_allowed.setObjectName("connectMayAct")
        theme = self._theme
        self.meaning = label(theme, role="secondary", wrap=True)
        self.problem = label(theme, role="error", wrap=True)
        self.problem.setObjectName("connectProblem")
        self.problem.setMinimumHeight(self.problem.fontMetrics().lineSpacing())
        self.connect_button = QPushButton(tr("Save") if self._was else tr("Connect"))
        self.connect_button.setObjectName("connectSave")
        self.connect_button.setProperty("primary", True)
        self.connect_button.clicked.connect(self._save)
        self.cloud.setAccessibleName(tr("Cloud"))
        self.method.setAccessibleName(tr("Sign-in method"))

    def _field(self, name: str, accessible: str, placeholder: str) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName(name)
        field.setAccessibleName(accessible)
        field.setPlaceholderText(placeholder)
        return field

    @property
    def _texts(self) -> tuple[QLineEdit, ...]:
        return (
            self.name,
            self.endpoint,
            self.authority,
            self.audience,
            self.tenant,
            self.client_id,
            self.certificate,
        )

    def _lay_out(self) -> None:
        form = Form(10)
        self._fields = {
            field: ProblemField(
                self._theme, edit, *([self.browse] if field == "certificate" else [])
            )
            for field, edit in zip(FIELDS, self._texts, strict=True)
        }
        for text, widget, *hint in (
            (tr("Name"), self._fields["name"]),
            (tr("Cloud"), self.cloud),
            (tr("ARM endpoint"), self._fields["endpoint"]),
            (tr("Authority"), self._fields["authority"]),
            (tr("Audience"), self._fields["audience"]),
            (tr("Sign-in method"), self.method, self.meaning),
            (tr("Tenant"), self._fields["tenant"]),
            (tr("Client ID"), self._fields["client_id"]),
            (tr("Certificate"), self._fields["certificate"]),
        ):
            form.add(text, widget, *hint)
        self._form = form
        self.column.addLayout(form)
        self.column.addWidget(self.changes_allowed)
        self.column.addWidget(label(self._theme, tr(READ_ONLY), role="secondary", wrap=True))
        self.column.addStretch(1)
        self.column.addWidget(self.problem)
        self.finish((620, 560), self.connect_button, self.closer(tr("Cancel")))
        self.finished.connect(self._on_finished)
        self._s.source.connecting.connect(self._on_connecting)
        self._s.source.connection_tried.connect(self._on_tried)

    def _load(self, connection: Connection) -> None:
        cloud = connection.cloud
        self.cloud.setCurrentIndex(self.cloud.findData(cloud.key))
        self.method.setCurrentIndex(self.method.findData(connection.method))
        for field, text in zip(
            self._texts,
            (
                connection.name,
                cloud.endpoint,
                cloud.authority,
                cloud.audience,
                connection.tenant,
                connection.client_id,
                connection.certificate,
            ),
            strict=True,
        ):
            field.setText(text or "")
        self.changes_allowed.setChecked(connection.changes_allowed)

    def check(self) -> None:
        """Show relevant fields and what is missing."""
        method = SignInMethod(self.method.currentData())
        is_custom = self.cloud.currentData() == CUSTOM
        is_service = method is SignInMethod.CERTIFICATE
        for field, is_used in (
            ("endpoint", is_custom),
            ("authority", is_custom),
            ("audience", is_custom),
            ("certificate", is_service),
            ("client_id", method is not SignInMethod.CLI),
            ("tenant", method is not SignInMethod.MANAGED_IDENTITY),
        ):
            self._form.setRowVisible(self._fields[field], is_used)
        self.meaning.setText(method.meaning)
        problems = self.problems()
        shown = [f.show_problem(problems.get(name, "")) for name, f in self._fields.items()]
        missing = next(iter(problems.values()), "") if not any(shown) else ""
        self._show_message(missing if self.name.text() else "")
        self.connect_button.setEnabled(not problems)

    def problems(self) -> dict[str, str]:
        """The problems with the input, by field."""
        found = {}
        if self.cloud.currentData() == CUSTOM:
            found = custom_problems(
                self.endpoint.text(), self.authority.text(), self.audience.text()
            )
        made = self.connection(PUBLIC if found else None)
        found |= made.problems
        if made.certificate and not QFileInfo(made.certificate).isFile():
            found["certificate"] = tr("There is no such file.")
        return found

    def connection(self, cloud: Cloud | None = None) -> Connection:
        """The connection as entered, to ``cloud`` instead of the entered one if its address is wrong."""
        cloud = cloud or cloud_of(
            self.cloud.currentData(),
            self.endpoint.text(),
            self.authority.text(),
            self.audience.text(),
        )
        method = SignInMethod(self.method.currentData())
        made = Connection(
            self.name.text().strip(),
            cloud,
            method,
            tenant=self._used("tenant"),
            client_id=self._used("client_id"),
            certificate=self._used("certificate"),
            changes_allowed=self.changes_allowed.isChecked(),
        )
        if self._was is not None:
            made = made._replace(
                id=self._was.id,
                subscription_ids=self._was.subscription_ids,
                account=self._was.account,
                record=self._was.record,
            )
        return made

    def _used(self, field: str) -> str | None:
        """The text of a field that the sign-in method uses."""
        shown = self._fields[field]
        return (shown.edit.text().strip() or None) if self._form.isRowVisible(shown) else None

    def _browse(self) -> None:
        from PySide6.QtWidgets import QFileDialog  # noqa: PLC0415 - slow to load, and rarely needed

        path, _ = QFileDialog.getOpenFileName(self, tr("Certificate"), "", tr(CERTIFICATES))
        if path:
            self.certificate.setText(path)

    def _save(self) -> None:
        """Store it and wait for the result, so that a mistake doesn't lose the input."""
        if self.problems():
            return
        made = self.connection()
        was, actions = self._was, self._s.actions
        if was is not None and made.changes_allowed is not was.changes_allowed:
            actions.allow_changes(was.id, changes_allowed=made.changes_allowed)
        if was is not None and self._needs_no_trial(was, made):
            actions.rename_connection(was.id, made.name)
            self.accept()
            return
        self._trying = made
        self.connect_button.setEnabled(False)
        self._show_message(tr("Signing in and reading your machines…"), is_error=False)
        if self._s.cloud.demo:
            self._s.actions.connect(made)
        else:
            self._s.actions.save_connection(made)

    def _needs_no_trial(self, was: Connection, made: Connection) -> bool:
        """Whether only the name or the permission to make changes differs, so nothing needs to be tried."""
        is_other = (was.name, was.changes_allowed) != (made.name, made.changes_allowed)
        is_same_way = made == was._replace(name=made.name, changes_allowed=made.changes_allowed)
        return is_other and is_same_way and not self._failed_id and works(self._s.source, was.id)

    def _show_message(self, text: str, *, is_error: bool = True) -> None:
        self.problem.setText(text)
        self.problem.setProperty("role", "error" if is_error else "secondary")
        self.problem.style().unpolish(self.problem)
        self.problem.style().polish(self.problem)

    def _on_connecting(self, text: str) -> None:
        if self._trying is not None and text:
            self._show_message(text, is_error=False)

    def _on_tried(self, outcome: TrialOutcome) -> None:
        """Close if it worked, or show the cause."""
        if self._trying is None or not self._is_mine(outcome.connection_id):
            return
        trying, self._trying = self._trying, None
        if not outcome.problem:
            self.accept()
            return
        self._show_message(f"{outcome.problem} {outcome.next_step}".strip())
        self.connect_button.setEnabled(True)
        if not self._s.cloud.demo and self._was is None:
            self._failed_id = outcome.connection_id
            self._was = trying._replace(id=outcome.connection_id)

    def _is_mine(self, connection_id: int) -> bool:
        """Whether the outcome belongs to this dialog's connection."""
        source = self._s.source
        if self._s.cloud.demo or source.db is None or self._trying is None:
            return True
        return name_of(source, connection_id) == self._trying.name

    def _on_finished(self, result: int) -> None:
        """Stop the trial and its sign-in if the dialog was canceled; a new connection is removed."""
        if result == QDialog.DialogCode.Accepted:
            return
        if self._s.cloud.demo and self._trying is not None:
            self._s.actions.stop_connecting()
            return
        is_new = self._trying is not None and self._was is None
        added = id_of(self._s.source, self._trying.name) if is_new and self._trying else 0
        if self._failed_id or added:
            self._s.actions.remove_connection(self._failed_id or added)


def offered_methods() -> list[SignInMethod]:
    """Sign-in methods on this platform."""
    methods: list[SignInMethod] = [m for m in SignInMethod if m is not SignInMethod.NONE]
    if sys.platform != "win32":
        methods.remove(SignInMethod.BROKER)
    return methods
