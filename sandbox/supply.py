"""Where packages of Python come from: indexes that may be asked, and wheels that are built here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import EnvironmentUnprepared
from sandbox.building import Builder
from sandbox.installer import Installer, index_address
from sandbox.interpreter import Interpreter
from sandbox.package_index import PackageIndex, SourceRefused
from sandbox.programs import Programs
from sandbox.shelf import Shelf
from sandbox.workers import Workers


@dataclass(frozen=True)
class Supply:
    """Makes installers; those of one supply ask the same indexes."""

    programs: Programs
    wheels: Shelf
    """Wheels that were built here."""
    builders: Shelf
    """What they were built with."""
    setups: Shelf
    """What repositories made of themselves."""
    index_allowed: bool = True
    indexes: Sequence[str] = ()
    """Addresses of the only indexes that are asked; empty for what uv or pip is set up for."""
    workers: Workers | None = None
    """Without them nothing is built: what has no wheel is missing."""

    def installer(self, interpreter: Interpreter, target: Path) -> Installer:
        """What fills a folder with packages for an interpreter."""
        return Installer(
            interpreter.executable,
            target,
            self.programs,
            index_allowed=self.index_allowed,
            indexes=self.indexes,
            builds=self.builder(interpreter),
        )

    def builder(self, interpreter: Interpreter) -> Builder | None:
        """What makes wheels of source archives for an interpreter; None where nothing can."""
        if self.workers is None:
            return None

        def install(target: Path, lines: Sequence[str]) -> str:
            installer = Installer(
                interpreter.executable,
                target,
                self.programs,
                index_allowed=self.index_allowed,
                indexes=self.indexes,
            )
            return installer.install(lines, target.parent).reason

        return Builder(
            self.wheels,
            self.builders,
            self._index,
            interpreter,
            self.workers,
            self.programs,
            install,
        )

    def _index(self) -> PackageIndex:
        """The index that source archives are taken from, the first of those that may be asked."""
        if not self.index_allowed:
            raise SourceRefused("no package index may be asked")
        address = self.indexes[0] if self.indexes else index_address()
        if not address:
            raise EnvironmentUnprepared("No package index is known.")
        return PackageIndex(address)
