"""Where things live: what the user makes, and what ships."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def home() -> Path:
    """The folder for everything a user makes: ``EMOTION_HOME``, else ``data/`` of this checkout."""
    return Path(os.environ.get("EMOTION_HOME") or REPOSITORY / "data").resolve()


def datasets_folder() -> Path:
    """Where datasets made or imported by the app stand, one folder each."""
    return home() / "datasets"


def runs_folder() -> Path:
    """Where training runs stand, one folder each."""
    return home() / "runs"


def cache_folder() -> Path:
    """Where the app keeps what it can make again; it may be deleted at any time."""
    return home() / "cache"


def user_models_folder() -> Path:
    """Where bundles made by the user stand, one folder each."""
    return home() / "models"


def models_folders() -> list[Path]:
    """Every folder searched for bundles: the user's, then the ones that ship."""
    return [user_models_folder(), REPOSITORY / "models"]
