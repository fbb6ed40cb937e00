"""Stands in for what builds matplotlib, so that pip can fetch its source without building anything."""

from __future__ import annotations

import os
from pathlib import Path


def get_requires_for_build_wheel(config_settings: object = None) -> list[str]:
    """Ask for nothing (PEP 517)."""
    return []


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: object = None) -> str:
    """Tell pip the name and version that it knows already (PEP 517)."""
    version = os.environ["MATPLOTLIB_VERSION"]
    folder = Path(metadata_directory, f"matplotlib-{version}.dist-info")
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: matplotlib\nVersion: {version}\n")
    return folder.name
