"""A page as a picture, by headless Chromium."""

import shutil
import subprocess
import tempfile
from pathlib import Path

SCALE = 2


def photograph(page: str, picture: Path, *, width: int, height: int) -> None:
    """Write a PNG of the top of an HTML page, in CSS pixels."""
    browser = shutil.which("chromium")
    if browser is None:
        raise SystemExit("Chromium is missing: apt-get install chromium fonts-noto-color-emoji")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(page)
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                f"--user-data-dir={folder}/browser",
                f"--force-device-scale-factor={SCALE}",
                f"--window-size={width},{height}",
                f"--screenshot={picture}",
                source.as_uri(),
            ],
            check=True,
            capture_output=True,
        )
