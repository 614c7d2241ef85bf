; Inno Setup 6: an installer for the current user around dist\handful, which packaging/build.py makes.
;   iscc packaging\windows.iss
; Not tried yet: see packaging/README.md.

[Setup]
AppId={{6B0B4B3E-6C0D-4C53-9B0E-1D0F7C6B5A41}
AppName=Handful
AppVersion=0.1.0
DefaultDirName={autopf}\Handful
DefaultGroupName=Handful
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
LicenseFile=..\LICENSE
SetupIconFile=..\build\handful.ico
UninstallDisplayIcon={app}\handful.exe
OutputDir=..\dist
OutputBaseFilename=handful-setup
Compression=lzma2/max
SolidCompression=yes
ChangesAssociations=yes

[Files]
Source: "..\dist\handful\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[Icons]
Name: "{group}\Handful"; Filename: "{app}\handful.exe"; Parameters: "gui"

[Registry]
Root: HKA; Subkey: "Software\Classes\.handful"; ValueType: string; ValueData: "Handful.Project"; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\Handful.Project"; ValueType: string; ValueData: "Handful project"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Handful.Project\shell\open\command"; ValueType: string; ValueData: """{app}\handful.exe"" gui ""%1"""

[Run]
Filename: "{app}\handful.exe"; Parameters: "gui"; Description: "Start Handful"; Flags: postinstall nowait skipifsilent
