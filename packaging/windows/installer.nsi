; The Windows installer. packaging/windows/installer.py compiles it:
;   makensis -DVERSION=0.0.0 -DBUNDLE=dist\hotpatch-gui -DICON=hotpatch-gui.ico -DOUT=setup.exe [-DSIGN=command] installer.nsi
;
; setup.exe            for this user, no administrator needed       setup.exe /ALLUSERS   for all users (elevated)
; setup.exe /S [/ALLUSERS] [/D=folder]                              silently; exit codes below
; uninstall.exe /S [/DELETEDATA]                                    silently; user data is kept unless /DELETEDATA is given
;
; It never restarts the computer or requests a restart.

Target amd64-unicode
Unicode true
ManifestDPIAware true
SetCompressor /SOLID lzma
RequestExecutionLevel user
Name "Hotpatch Dashboard"
OutFile "${OUT}"
BrandingText "Hotpatch Dashboard ${VERSION}"

!include "FileFunc.nsh"
!include "LogicLib.nsh"
!include "MUI2.nsh"
!include "WinVer.nsh"

; Never changes: Windows, Intune and upgrades identify the product by it.
!define PRODUCT "{6E1B2B0C-6C5B-4E4B-9C55-2C1B8F0C7A41}"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\${PRODUCT}"
!define PROGRAM "hotpatch-gui.exe"
!define DATA "$LOCALAPPDATA\HotpatchDashboard"

; Windows' own codes, as Intune and SCCM read them
!define ERROR_SHARING_VIOLATION 32
!define ERROR_ELEVATION_REQUIRED 740
!define ERROR_OLD_WIN_VERSION 1150

VIProductVersion "${VERSION}.0"
VIFileVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "Hotpatch Dashboard"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "Hotpatch Dashboard setup"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "LegalCopyright" "MIT license"

!ifdef SIGN
  !finalize '${SIGN} "%1"'
  !uninstfinalize '${SIGN} "%1"'
!endif

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN "$INSTDIR\${PROGRAM}"
!define MUI_FINISHPAGE_NOREBOOTSUPPORT
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

Var Everybody

; For everybody where /ALLUSERS says so; that needs to be elevated.
!macro CHOOSE_CONTEXT
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/ALLUSERS" $R1
  ${If} ${Errors}
    StrCpy $Everybody 0
    SetShellVarContext current
  ${Else}
    StrCpy $Everybody 1
    SetShellVarContext all
    UserInfo::GetAccountType
    Pop $R2
    ${If} $R2 != "Admin"
      MessageBox MB_OK|MB_ICONSTOP "To install for all users, run this as an administrator." /SD IDOK
      SetErrorLevel ${ERROR_ELEVATION_REQUIRED}
      Quit
    ${EndIf}
  ${EndIf}
  SetRegView 64
!macroend

; A program that runs holds its file, so it cannot be opened for writing.
!macro REFUSE_WHILE_RUNNING UN
Function ${UN}RefuseWhileRunning
  again:
  ${IfNot} ${FileExists} "$INSTDIR\${PROGRAM}"
    Return
  ${EndIf}
  ClearErrors
  FileOpen $R0 "$INSTDIR\${PROGRAM}" a
  ${IfNot} ${Errors}
    FileClose $R0
    Return
  ${EndIf}
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "Hotpatch Dashboard is running. Close it, then try again." /SD IDCANCEL IDRETRY again
  SetErrorLevel ${ERROR_SHARING_VIOLATION}
  Quit
FunctionEnd
!macroend
!insertmacro REFUSE_WHILE_RUNNING ""
!insertmacro REFUSE_WHILE_RUNNING "un."

Function .onInit
  ${IfNot} ${AtLeastWin10}
    MessageBox MB_OK|MB_ICONSTOP "Windows 10, Windows Server 2016 or newer is needed." /SD IDOK
    SetErrorLevel ${ERROR_OLD_WIN_VERSION}
    Quit
  ${EndIf}
  !insertmacro CHOOSE_CONTEXT
  ${If} $INSTDIR == ""  ; no /D=
    ReadRegStr $INSTDIR SHCTX "${UNINSTALL}" "InstallLocation"  ; upgrade in place
  ${EndIf}
  ${If} $INSTDIR == ""
    ${If} $Everybody == 1
      StrCpy $INSTDIR "$PROGRAMFILES64\Hotpatch Dashboard"
    ${Else}
      StrCpy $INSTDIR "$LOCALAPPDATA\Programs\Hotpatch Dashboard"
    ${EndIf}
  ${EndIf}
FunctionEnd

; What the installer puts there, and nothing that a user may have put beside it.
!macro REMOVE_PROGRAM
  Delete "$INSTDIR\${PROGRAM}"
  RMDir /r "$INSTDIR\_internal"
!macroend

Section "Hotpatch Dashboard"
  Call RefuseWhileRunning
  !insertmacro REMOVE_PROGRAM
  SetOutPath "$INSTDIR"
  File /r "${BUNDLE}\*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\Hotpatch Dashboard.lnk" "$INSTDIR\${PROGRAM}"
  ${GetSize} "$INSTDIR" "/S=0K" $R0 $R1 $R2
  StrCpy $R3 ""
  ${If} $Everybody == 1
    StrCpy $R3 " /ALLUSERS"
  ${EndIf}
  WriteRegStr SHCTX "${UNINSTALL}" "DisplayName" "Hotpatch Dashboard"
  WriteRegStr SHCTX "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr SHCTX "${UNINSTALL}" "DisplayIcon" "$INSTDIR\${PROGRAM}"
  WriteRegStr SHCTX "${UNINSTALL}" "Publisher" "Hotpatch Dashboard maintainers"
  WriteRegStr SHCTX "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr SHCTX "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"$R3'
  WriteRegStr SHCTX "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S$R3'
  WriteRegDWORD SHCTX "${UNINSTALL}" "EstimatedSize" $R0
  WriteRegDWORD SHCTX "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD SHCTX "${UNINSTALL}" "NoRepair" 1
SectionEnd

Function un.onInit
  !insertmacro CHOOSE_CONTEXT
FunctionEnd

Section "Uninstall"
  Call un.RefuseWhileRunning
  !insertmacro REMOVE_PROGRAM
  Delete "$SMPROGRAMS\Hotpatch Dashboard.lnk"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  DeleteRegKey SHCTX "${UNINSTALL}"
  SetShellVarContext current  ; data is the user's, however the program was installed
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/DELETEDATA" $R1
  ${IfNot} ${Errors}
    RMDir /r "${DATA}"
  ${ElseIf} ${FileExists} "${DATA}\*"
    MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "Delete the history and the settings too?$\r$\n${DATA}" /SD IDNO IDNO kept
    RMDir /r "${DATA}"
  ${EndIf}
  kept:
SectionEnd
