"""A bare Debian 12 in a folder, whose commands run isolated from this system."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

RELEASE = "bookworm"
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}


class BareRoot:
    """A context manager. Packages come from this machine's own sources."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Self:
        shutil.rmtree(self.folder, ignore_errors=True)
        subprocess.run(
            ["debootstrap", "--variant=minbase", RELEASE, str(self.folder), _mirror()],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        shutil.copytree(
            "/etc/apt/apt.conf.d", self.folder / "etc/apt/apt.conf.d", dirs_exist_ok=True
        )
        for place in ("proc", "dev"):
            subprocess.run(["mount", "--rbind", f"/{place}", str(self.folder / place)], check=True)
            subprocess.run(["mount", "--make-rslave", str(self.folder / place)], check=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for place in ("dev", "proc"):
            subprocess.run(
                ["umount", "--recursive", "--lazy", str(self.folder / place)], check=True
            )
        shutil.rmtree(self.folder)

    def run(self, *command: str, user: str = "root") -> str:
        """Run a command and return its standard output.

        Raises:
            AssertionError: it failed; contains its output.
        """
        done = subprocess.run(
            self._inside(command, user),
            env=self._environment(user),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @contextmanager
    def running(
        self, *command: str, user: str, **variables: str
    ) -> Iterator[subprocess.Popen[Any]]:
        """A running program, terminated at the end."""
        process = subprocess.Popen(
            self._inside(command, user), env=self._environment(user) | variables
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)

    def _inside(self, command: tuple[str, ...], user: str) -> list[str]:
        return ["chroot", f"--userspec={user}", str(self.folder), *command]

    def _environment(self, user: str) -> dict[str, str]:
        return ENVIRONMENT | {"HOME": "/root" if user == "root" else f"/home/{user}", "USER": user}


def _mirror() -> str:
    """This machine's source of Debian packages."""
    if given := os.environ.get("DEBIAN_MIRROR"):
        return given
    asked = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(CODENAME)", "Created-By: Packages"],
        check=True,
        capture_output=True,
        text=True,
    )
    sites = [line.split()[0] for line in asked.stdout.splitlines() if line.split()[1:] == [RELEASE]]
    assert sites, f"this machine has no source of {RELEASE}; name one in DEBIAN_MIRROR"
    return sites[0]
