"""The known error codes of Windows Update and Azure, each with its meaning, remedy and source."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from hotpatch_gui.translation import Marked, translated, translator

tr = translator("UpdateErrors")

_LEARN = "https://learn.microsoft.com"
REFERENCE = f"{_LEARN}/windows/deployment/update/windows-update-error-reference"
COMMON = (
    f"{_LEARN}/troubleshoot/windows-client/installing-updates-features-roles/"
    "common-windows-update-errors"
)
UPDATE_MANAGER = f"{_LEARN}/azure/update-manager/troubleshoot"
SYSTEM = f"{_LEARN}/windows/win32/debug/system-error-codes"
RESOURCE_MANAGER = f"{_LEARN}/azure/azure-resource-manager/troubleshooting/common-deployment-errors"


class Remedy(Enum):
    """The next step: what to check or do before the update is installed again."""

    ACCESS = tr.mark(
        "Check the permissions of %WinDir%\\SoftwareDistribution, antivirus software, and free space on the "
        "system drive. C:\\Windows\\Logs\\CBS\\CBS.log may name the file to which access was denied."
    )
    AGAIN = tr.mark("Install again. If it fails again, restart the machine first.")
    ALONE = tr.mark("Install this update without others: include only its KB.")
    ASSESS = tr.mark("Assess the machine to see whether the update is still missing.")
    BITS = tr.mark("Check that the services BITS and Windows Update can run, then install again.")
    BUSY = tr.mark("Wait until the other operation has ended, then install again.")
    CACHE = tr.mark(
        "Stop Windows Update, rename %WinDir%\\SoftwareDistribution so that the update is downloaded "
        "again, then install again."
    )
    CLUSTER = tr.mark("Check the failover cluster's service and state, then install again.")
    EXTENSION = tr.mark(
        "Install again later. On the machine, WindowsUpdateExtension.log below "
        "C:\\WindowsAzure\\Logs\\Plugins shows the cause."
    )
    INTERACTIVE = tr.mark("Sign in to the machine and install this update there.")
    LOCK = tr.mark("Remove the lock on the machine or its resource group, or ask its owner to.")
    LOCKED = tr.mark(
        "A filter driver such as antivirus software often causes this. Restart the machine, then install "
        "again; C:\\Windows\\Logs\\CBS\\CBS.log names the file."
    )
    LOGS = tr.mark(
        "Look for the first error in C:\\Windows\\Logs\\CBS\\CBS.log. The update's own page may list "
        "known issues."
    )
    MEMORY = tr.mark(
        "Give the machine more processors or memory, or stop other work on it, then install again."
    )
    NETWORK = tr.mark(
        "Check that the machine reaches the update server: name resolution, firewall and proxy."
    )
    PERMISSION = tr.mark("Ask for the missing permission: Permissions shows which one it is.")
    POLICY = tr.mark("Check the machine's Group Policy settings for Windows Update.")
    POWER = tr.mark("Make sure that the machine runs and its agent responds, then try again.")
    PROXY = tr.mark("Check the machine's proxy settings and what a proxy or firewall changes.")
    REGISTER = tr.mark("Register the resource provider in the subscription, then try again.")
    RESTART = tr.mark("Restart the machine, then install again.")
    SERVER = tr.mark("Check the update server, or try again later.")
    SERVICE = tr.mark("Check that the Windows Update service (wuauserv) isn't disabled.")
    SPACE = tr.mark("Free up disk space on the system drive, then install again.")
    STACK = tr.mark("Install the latest servicing stack update first.")
    STORE = tr.mark(
        "Repair the component store: Dism.exe /Online /Cleanup-Image /RestoreHealth, then "
        "Sfc.exe /Scannow. Restart the machine and install again."
    )
    TLS = tr.mark("Check the machine's clock, its root certificates and that TLS 1.2 is enabled.")
    WSUS = tr.mark(
        "Check the WSUS server: the policies WUServer and WUStatusServer, its name, and whether it has "
        "the update's files."
    )

    @property
    def text(self) -> str:
        """The step in the user's language."""
        return translated(self.value)


class UpdateError(NamedTuple):
    """An error code that Azure or Windows reports.

    Attributes:
        code: as Microsoft spells it.
        name: the symbolic name; empty if there is none.
        meaning: what happened.
        source: the page that documents the code.
    """

    code: str
    name: str
    meaning: Marked
    remedy: Remedy
    source: str

    @property
    def meaning_text(self) -> str:
        """The error's meaning, in the user's language."""
        return translated(self.meaning)

    @property
    def step(self) -> str:
        """The next step."""
        return self.remedy.text


ERRORS = (
    UpdateError(
        "0x80240001",
        "WU_E_NO_SERVICE",
        tr.mark("The Windows Update Agent couldn't provide the service."),
        Remedy.SERVICE,
        REFERENCE,
    ),
    UpdateError(
        "0x80240009",
        "WU_E_OPERATIONINPROGRESS",
        tr.mark("Another operation of Windows Update was in progress."),
        Remedy.BUSY,
        REFERENCE,
    ),
    UpdateError(
        "0x8024000B",
        "WU_E_CALL_CANCELLED",
        tr.mark("The operation was canceled on the machine."),
        Remedy.AGAIN,
        COMMON,
    ),
    UpdateError(
        "0x8024000D",
        "WU_E_XML_MISSINGDATA",
        tr.mark("The update's data is incomplete."),
        Remedy.CACHE,
        REFERENCE,
    ),
    UpdateError(
        "0x8024000E",
        "WU_E_XML_INVALID",
        tr.mark("The update's data is invalid."),
        Remedy.CACHE,
        COMMON,
    ),
    UpdateError(
        "0x80240016",
        "WU_E_INSTALL_NOT_ALLOWED",
        tr.mark("Another installation was in progress, or a required restart was pending."),
        Remedy.RESTART,
        REFERENCE,
    ),
    UpdateError(
        "0x80240017",
        "WU_E_NOT_APPLICABLE",
        tr.mark("The update doesn't apply to the machine."),
        Remedy.ASSESS,
        REFERENCE,
    ),
    UpdateError(
        "0x80240019",
        "WU_E_EXCLUSIVE_INSTALL_CONFLICT",
        tr.mark("The update can only be installed without others."),
        Remedy.ALONE,
        REFERENCE,
    ),
    UpdateError(
        "0x8024001B",
        "WU_E_SELFUPDATE_IN_PROGRESS",
        tr.mark("The Windows Update Agent was updating itself."),
        Remedy.AGAIN,
        REFERENCE,
    ),
    UpdateError(
        "0x8024001D",
        "WU_E_INVALID_UPDATE",
        tr.mark("The update contains invalid metadata."),
        Remedy.CACHE,
        REFERENCE,
    ),
    UpdateError(
        "0x8024001E",
        "WU_E_SERVICE_STOP",
        tr.mark("The service or the machine was shutting down."),
        Remedy.AGAIN,
        UPDATE_MANAGER,
    ),
    UpdateError(
        "0x8024001F",
        "WU_E_NO_CONNECTION",
        tr.mark("The machine had no network connection."),
        Remedy.NETWORK,
        REFERENCE,
    ),
    UpdateError(
        "0x80240020",
        "WU_E_NO_INTERACTIVE_USER",
        tr.mark("The update needs a signed-in user."),
        Remedy.INTERACTIVE,
        COMMON,
    ),
    UpdateError(
        "0x80240021", "WU_E_TIME_OUT", tr.mark("The operation timed out."), Remedy.AGAIN, REFERENCE
    ),
    UpdateError(
        "0x80240022",
        "WU_E_ALL_UPDATES_FAILED",
        tr.mark("Every update failed."),
        Remedy.LOGS,
        COMMON,
    ),
    UpdateError(
        "0x80240024",
        "WU_E_NO_UPDATE",
        tr.mark("There was nothing to install."),
        Remedy.ASSESS,
        REFERENCE,
    ),
    UpdateError(
        "0x80240025",
        "WU_E_USER_ACCESS_DISABLED",
        tr.mark("A Group Policy setting prevents access to Windows Update."),
        Remedy.POLICY,
        REFERENCE,
    ),
    UpdateError(
        "0x8024002C",
        "WU_E_BIN_SOURCE_ABSENT",
        tr.mark("The source files of a delta update are missing."),
        Remedy.STORE,
        REFERENCE,
    ),
    UpdateError(
        "0x8024002D",
        "WU_E_SOURCE_ABSENT",
        tr.mark("The source files of a full update are missing."),
        Remedy.STORE,
        REFERENCE,
    ),
    UpdateError(
        "0x8024002E",
        "WU_E_WU_DISABLED",
        tr.mark("Access to Windows Update is disabled on the machine."),
        Remedy.POLICY,
        UPDATE_MANAGER,
    ),
    UpdateError(
        "0x8024002F",
        "WU_E_CALL_CANCELLED_BY_POLICY",
        tr.mark("The policy DisableWindowsUpdateAccess is set."),
        Remedy.POLICY,
        REFERENCE,
    ),
    UpdateError(
        "0x80240030",
        "WU_E_INVALID_PROXY_SERVER",
        tr.mark("The proxy list has the wrong format."),
        Remedy.PROXY,
        REFERENCE,
    ),
    UpdateError(
        "0x80240034",
        "WU_E_DOWNLOAD_FAILED",
        tr.mark("The update couldn't be downloaded."),
        Remedy.NETWORK,
        REFERENCE,
    ),
    UpdateError(
        "0x80240038",
        "WU_E_WINHTTP_INVALID_FILE",
        tr.mark("The downloaded file has an unexpected content type."),
        Remedy.PROXY,
        REFERENCE,
    ),
    UpdateError(
        "0x80240041",
        "WU_E_SYSPREP_IN_PROGRESS",
        tr.mark("Sysprep was running."),
        Remedy.AGAIN,
        REFERENCE,
    ),
    UpdateError(
        "0x80240042",
        "WU_E_UNKNOWN_SERVICE",
        tr.mark("The update service is no longer registered."),
        Remedy.SERVICE,
        REFERENCE,
    ),
    UpdateError(
        "0x80240FFF",
        "WU_E_UNEXPECTED",
        tr.mark("Windows Update failed without a more exact code."),
        Remedy.LOGS,
        REFERENCE,
    ),
    UpdateError(
        "0x80242006",
        "WU_E_UH_INVALIDMETADATA",
        tr.mark("The update contains invalid metadata."),
        Remedy.CACHE,
        COMMON,
    ),
    UpdateError(
        "0x80242007",
        "WU_E_UH_INSTALLERHUNG",
        tr.mark("The installer exceeded its time limit."),
        Remedy.AGAIN,
        REFERENCE,
    ),
    UpdateError(
        "0x80242008",
        "WU_E_UH_OPERATIONCANCELLED",
        tr.mark("The installation was canceled on the machine."),
        Remedy.AGAIN,
        REFERENCE,
    ),
    UpdateError(
        "0x8024200A",
        "WU_E_UH_CANREQUIREINPUT",
        tr.mark("The update needs user input."),
        Remedy.INTERACTIVE,
        REFERENCE,
    ),
    UpdateError(
        "0x8024200B",
        "WU_E_UH_INSTALLERFAILURE",
        tr.mark("The installer of one or more updates failed."),
        Remedy.LOGS,
        REFERENCE,
    ),
    UpdateError(
        "0x8024200D",
        "WU_E_UH_NEEDANOTHERDOWNLOAD",
        tr.mark("The update has to be downloaded again."),
        Remedy.CACHE,
        REFERENCE,
    ),
    UpdateError(
        "0x80242014",
        "WU_E_UH_POSTREBOOTSTILLPENDING",
        tr.mark("Work after the restart was still in progress."),
        Remedy.RESTART,
        COMMON,
    ),
    UpdateError(
        "0x80242015",
        "WU_E_UH_POSTREBOOTRESULTUNKNOWN",
        tr.mark("The result of the work after the restart isn't known."),
        Remedy.ASSESS,
        REFERENCE,
    ),
    UpdateError(
        "0x80242016",
        "WU_E_UH_POSTREBOOTUNEXPECTEDSTATE",
        tr.mark("The state after the restart is unexpected."),
        Remedy.LOGS,
        REFERENCE,
    ),
    UpdateError(
        "0x80242017",
        "WU_E_UH_NEW_SERVICING_STACK_REQUIRED",
        tr.mark("The servicing stack has to be updated first."),
        Remedy.STACK,
        REFERENCE,
    ),
    UpdateError(
        "0x80243003",
        "WU_E_INSTALLATION_RESULTS_NOT_FOUND",
        tr.mark("The installation's results aren't available; it may not have started."),
        Remedy.ASSESS,
        REFERENCE,
    ),
    UpdateError(
        "0x80244007",
        "WU_E_PT_SOAPCLIENT_SOAPFAULT",
        tr.mark("The update server reported an error."),
        Remedy.SERVER,
        COMMON,
    ),
    UpdateError(
        "0x80244011",
        "WU_E_PT_SUS_SERVER_NOT_SET",
        tr.mark("The policy WUServer has no value."),
        Remedy.WSUS,
        REFERENCE,
    ),
    UpdateError(
        "0x80244016",
        "WU_E_PT_HTTP_STATUS_BAD_REQUEST",
        tr.mark("The update server rejected the request (HTTP 400)."),
        Remedy.SERVER,
        REFERENCE,
    ),
    UpdateError(
        "0x80244017",
        "WU_E_PT_HTTP_STATUS_DENIED",
        tr.mark("The update server requires authentication (HTTP 401)."),
        Remedy.SERVER,
        REFERENCE,
    ),
    UpdateError(
        "0x80244018",
        "WU_E_PT_HTTP_STATUS_FORBIDDEN",
        tr.mark("The update server refused the request (HTTP 403)."),
        Remedy.PROXY,
        REFERENCE,
    ),
    UpdateError(
        "0x80244019",
        "WU_E_PT_HTTP_STATUS_NOT_FOUND",
        tr.mark("The update server doesn't have the file (HTTP 404)."),
        Remedy.WSUS,
        REFERENCE,
    ),
    UpdateError(
        "0x8024401B",
        "WU_E_PT_HTTP_STATUS_PROXY_AUTH_REQ",
        tr.mark("The proxy requires authentication (HTTP 407)."),
        Remedy.PROXY,
        COMMON,
    ),
    UpdateError(
        "0x8024401C",
        "WU_E_PT_HTTP_STATUS_REQUEST_TIMEOUT",
        tr.mark("The update server timed out (HTTP 408)."),
        Remedy.NETWORK,
        UPDATE_MANAGER,
    ),
    UpdateError(
        "0x8024401F",
        "WU_E_PT_HTTP_STATUS_SERVER_ERROR",
        tr.mark("The update server failed (HTTP 500)."),
        Remedy.SERVER,
        REFERENCE,
    ),
    UpdateError(
        "0x80244021",
        "WU_E_PT_HTTP_STATUS_BAD_GATEWAY",
        tr.mark("A gateway or proxy received an invalid response (HTTP 502)."),
        Remedy.PROXY,
        REFERENCE,
    ),
    UpdateError(
        "0x80244022",
        "WU_E_PT_HTTP_STATUS_SERVICE_UNAVAIL",
        tr.mark("The update server is overloaded (HTTP 503)."),
        Remedy.SERVER,
        COMMON,
    ),
    UpdateError(
        "0x80244023",
        "WU_E_PT_HTTP_STATUS_GATEWAY_TIMEOUT",
        tr.mark("A gateway timed out."),
        Remedy.NETWORK,
        REFERENCE,
    ),
    UpdateError(
        "0x8024402C",
        "WU_E_PT_WINHTTP_NAME_NOT_RESOLVED",
        tr.mark("The name of the proxy or of the update server can't be resolved."),
        Remedy.WSUS,
        UPDATE_MANAGER,
    ),
    UpdateError(
        "0x8024402F",
        "WU_E_PT_ECP_SUCCEEDED_WITHERRORS",
        tr.mark("Files from the update server were processed with errors."),
        Remedy.NETWORK,
        UPDATE_MANAGER,
    ),
    UpdateError(
        "0x80246002",
        "WU_E_DM_INCORRECTFILEHASH",
        tr.mark("The downloaded file isn't the expected one."),
        Remedy.CACHE,
        REFERENCE,
    ),
    UpdateError(
        "0x80246005",
        "WU_E_DM_NONETWORK",
        tr.mark("The machine had no network connection."),
        Remedy.NETWORK,
        REFERENCE,
    ),
    UpdateError(
        "0x80246007",
        "WU_E_DM_NOTDOWNLOADED",
        tr.mark("The update wasn't downloaded."),
        Remedy.NETWORK,
        REFERENCE,
    ),
    UpdateError(
        "0x80246008",
        "WU_E_DM_FAILTOCONNECTTOBITS",
        tr.mark("The Background Intelligent Transfer Service (BITS) couldn't be reached."),
        Remedy.BITS,
        REFERENCE,
    ),
    UpdateError(
        "0x80246009",
        "WU_E_DM_BITSTRANSFERERROR",
        tr.mark("The Background Intelligent Transfer Service (BITS) failed."),
        Remedy.BITS,
        REFERENCE,
    ),
    UpdateError(
        "0x80248000",
        "WU_E_DS_SHUTDOWN",
        tr.mark("The Windows Update Agent was shutting down."),
        Remedy.AGAIN,
        REFERENCE,
    ),
    UpdateError(
        "0x80248007",
        "WU_E_DS_NODATA",
        tr.mark("The requested information isn't in Windows Update's data store."),
        Remedy.CACHE,
        REFERENCE,
    ),
    UpdateError(
        "0x8024800C",
        "WU_E_DS_LOCKTIMEOUTEXPIRED",
        tr.mark("Windows Update's data store was locked for too long."),
        Remedy.AGAIN,
        REFERENCE,
    ),
    UpdateError(
        "0x80248014",
        "WU_E_DS_UNKNOWNSERVICE",
        tr.mark("The update service isn't registered on the machine."),
        Remedy.SERVICE,
        REFERENCE,
    ),
    UpdateError(
        "0x80248015",
        "WU_E_DS_SERVICEEXPIRED",
        tr.mark("The registration of the update service has expired."),
        Remedy.SERVICE,
        REFERENCE,
    ),
    UpdateError(
        "0x8024A000",
        "WU_E_AU_NOSERVICE",
        tr.mark("Automatic Updates couldn't handle the request."),
        Remedy.SERVICE,
        REFERENCE,
    ),
    UpdateError(
        "0x8024A004",
        "WU_E_AU_PAUSED",
        tr.mark("Automatic Updates was paused."),
        Remedy.POLICY,
        REFERENCE,
    ),
    UpdateError(
        "0x8024A10A",
        "USO_E_SERVICE_SHUTTING_DOWN",
        tr.mark("The Update Orchestrator service was shutting down."),
        Remedy.AGAIN,
        COMMON,
    ),
    UpdateError(
        "0x8024D009",
        "WU_E_SETUP_SKIP_UPDATE",
        tr.mark("The WSUS server disabled self-update of the Windows Update Agent."),
        Remedy.WSUS,
        COMMON,
    ),
    UpdateError(
        "0x8024E007",
        "WU_E_EE_CLUSTER_ERROR",
        tr.mark("The state of the machine's failover cluster couldn't be determined."),
        Remedy.CLUSTER,
        REFERENCE,
    ),
    UpdateError(
        "0x8024F004",
        "WU_E_SERVER_BUSY",
        tr.mark("The update server was too busy."),
        Remedy.SERVER,
        REFERENCE,
    ),
    UpdateError(
        "0x80200053",
        "BG_E_VALIDATION_FAILED",
        tr.mark("A download was changed on its way."),
        Remedy.PROXY,
        COMMON,
    ),
    UpdateError(
        "0x80070002", "ERROR_FILE_NOT_FOUND", tr.mark("A file wasn't found."), Remedy.CACHE, SYSTEM
    ),
    UpdateError(
        "0x80070003", "ERROR_PATH_NOT_FOUND", tr.mark("A path wasn't found."), Remedy.CACHE, COMMON
    ),
    UpdateError(
        "0x80070005",
        "ERROR_ACCESS_DENIED",
        tr.mark("Access was denied."),
        Remedy.ACCESS,
        UPDATE_MANAGER,
    ),
    UpdateError(
        "0x8007000D",
        "ERROR_INVALID_DATA",
        tr.mark("The data of an update is invalid or incomplete."),
        Remedy.CACHE,
        COMMON,
    ),
    UpdateError(
        "0x8007000E",
        "ERROR_OUTOFMEMORY",
        tr.mark("The machine ran out of memory."),
        Remedy.MEMORY,
        SYSTEM,
    ),
    UpdateError(
        "0x80070020",
        "ERROR_SHARING_VIOLATION",
        tr.mark("Another program was using a file."),
        Remedy.LOCKED,
        COMMON,
    ),
    UpdateError(
        "0x80070070", "ERROR_DISK_FULL", tr.mark("The disk is full."), Remedy.SPACE, SYSTEM
    ),
    UpdateError(
        "0x80070422",
        "ERROR_SERVICE_DISABLED",
        tr.mark("A service, usually Windows Update (wuauserv), is disabled."),
        Remedy.SERVICE,
        UPDATE_MANAGER,
    ),
    UpdateError(
        "0x80070490", "ERROR_NOT_FOUND", tr.mark("A component wasn't found."), Remedy.STORE, SYSTEM
    ),
    UpdateError(
        "0x80070570",
        "ERROR_FILE_CORRUPT",
        tr.mark("A file or folder is damaged."),
        Remedy.STORE,
        COMMON,
    ),
    UpdateError(
        "0x80070643",
        "ERROR_INSTALL_FAILURE",
        tr.mark("The installer reported a fatal error."),
        Remedy.LOGS,
        SYSTEM,
    ),
    UpdateError(
        "0x800705B4", "ERROR_TIMEOUT", tr.mark("The operation timed out."), Remedy.AGAIN, SYSTEM
    ),
    UpdateError(
        "0x80070BC9",
        "ERROR_FAIL_REBOOT_REQUIRED",
        tr.mark("The installation failed, and a restart is needed to undo it."),
        Remedy.RESTART,
        COMMON,
    ),
    UpdateError(
        "0x80070BC2",
        "ERROR_SUCCESS_REBOOT_REQUIRED",
        tr.mark("The installation needs a restart to finish."),
        Remedy.RESTART,
        SYSTEM,
    ),
    UpdateError(
        "0x80072EE2",
        "ERROR_INTERNET_TIMEOUT",
        tr.mark("The update server didn't answer in time."),
        Remedy.NETWORK,
        UPDATE_MANAGER,
    ),
    UpdateError(
        "0x80072EE7",
        "ERROR_INTERNET_NAME_NOT_RESOLVED",
        tr.mark("The update server's name can't be resolved."),
        Remedy.NETWORK,
        SYSTEM,
    ),
    UpdateError(
        "0x80072EFD",
        "ERROR_INTERNET_CANNOT_CONNECT",
        tr.mark("The machine couldn't connect to the update server."),
        Remedy.NETWORK,
        COMMON,
    ),
    UpdateError(
        "0x80072EFE",
        "ERROR_INTERNET_CONNECTION_ABORTED",
        tr.mark("The connection to the update server was interrupted."),
        Remedy.NETWORK,
        COMMON,
    ),
    UpdateError(
        "0x80072F8F",
        "ERROR_INTERNET_SECURE_FAILURE",
        tr.mark("The secure connection to the update server failed."),
        Remedy.TLS,
        COMMON,
    ),
    UpdateError(
        "0x80D02002",
        "DO_E_DOWNLOAD_NO_PROGRESS",
        tr.mark("A download made no progress."),
        Remedy.NETWORK,
        COMMON,
    ),
    UpdateError(
        "0x80073701",
        "ERROR_SXS_ASSEMBLY_MISSING",
        tr.mark("A component that the update refers to is missing."),
        Remedy.STORE,
        COMMON,
    ),
    UpdateError(
        "0x80073712",
        "ERROR_SXS_COMPONENT_STORE_CORRUPT",
        tr.mark("The component store is damaged."),
        Remedy.STORE,
        SYSTEM,
    ),
    UpdateError(
        "0x8007371B",
        "ERROR_SXS_TRANSACTION_CLOSURE_INCOMPLETE",
        tr.mark("Components that belong together are incomplete."),
        Remedy.STORE,
        COMMON,
    ),
    UpdateError(
        "0x800F081F",
        "CBS_E_SOURCE_MISSING",
        tr.mark("The source of a component is missing."),
        Remedy.STORE,
        COMMON,
    ),
    UpdateError(
        "0x800F0821",
        "CBS_E_ABORT",
        tr.mark("The installation was stopped because it took too long."),
        Remedy.MEMORY,
        COMMON,
    ),
    UpdateError(
        "0x800F0825",
        "CBS_E_CANNOT_UNINSTALL",
        tr.mark("A component can't be uninstalled."),
        Remedy.STORE,
        COMMON,
    ),
    UpdateError(
        "0x800F0831",
        "CBS_E_STORE_CORRUPTION",
        tr.mark("The component store is damaged."),
        Remedy.STORE,
        COMMON,
    ),
    UpdateError(
        "0x800F0920",
        "CBS_E_HANG_DETECTED",
        tr.mark("The installation was stopped because it made no progress."),
        Remedy.MEMORY,
        COMMON,
    ),
    UpdateError(
        "0x800F0922",
        "CBS_E_INSTALLERS_FAILED",
        tr.mark("An installer within the update failed."),
        Remedy.LOGS,
        COMMON,
    ),
    UpdateError(
        "Conflict",
        "",
        tr.mark("Another operation on the machine was in progress."),
        Remedy.BUSY,
        RESOURCE_MANAGER,
    ),
    UpdateError(
        "OperationNotAllowed",
        "",
        tr.mark("Azure doesn't allow the operation in the machine's current state."),
        Remedy.POWER,
        RESOURCE_MANAGER,
    ),
    UpdateError(
        "ScopeLocked",
        "",
        tr.mark("A resource lock prevents changes."),
        Remedy.LOCK,
        RESOURCE_MANAGER,
    ),
    UpdateError(
        "AuthorizationFailed",
        "",
        tr.mark("The account has no permission for the operation."),
        Remedy.PERMISSION,
        RESOURCE_MANAGER,
    ),
    UpdateError(
        "MissingSubscriptionRegistration",
        "",
        tr.mark("The subscription isn't registered for the resource provider."),
        Remedy.REGISTER,
        RESOURCE_MANAGER,
    ),
    UpdateError(
        "TooManyRequests",
        "",
        tr.mark("Azure throttled the request."),
        Remedy.AGAIN,
        RESOURCE_MANAGER,
    ),
    UpdateError(
        "ShutdownOrUnresponsive",
        "",
        tr.mark("The machine was shut down or didn't respond."),
        Remedy.POWER,
        UPDATE_MANAGER,
    ),
    UpdateError(
        "VMGuestPatchInternalError",
        "",
        tr.mark("The patch extension failed internally."),
        Remedy.EXTENSION,
        UPDATE_MANAGER,
    ),
    UpdateError(
        "NEWER_OPERATION_SUPERSEDED",
        "",
        tr.mark("A newer operation took precedence."),
        Remedy.BUSY,
        UPDATE_MANAGER,
    ),
)
