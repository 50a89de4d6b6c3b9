"""`tmefield resume`: go on with a run through time that was interrupted."""

import json
from pathlib import Path
from typing import Annotated

import typer

from .source import JsonOption

FolderArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="The result folder of the run (its --out, or output.folder).")]


def resume(folder: FolderArgument, json: JsonOption = False) -> None:
    """Go on with a run through time from its last checkpoint; the result is bit for bit that of a run without interruption."""
    from .console import Progress
    from .march import checkpoint_of
    from .run import complete

    progress = Progress()
    checkpoint = checkpoint_of(folder)
    loaded = _loaded(checkpoint.about(), folder)
    progress.note(f"{loaded.config.title}: going on in {folder}")
    complete(loaded, progress, json=json)


def _loaded(about: dict, folder: Path):
    """The configuration of the run as it was, with `folder` for its results."""
    from pydantic import ValidationError

    from ..config.load import Loaded
    from ..config.schema import Config
    from ..errors import FileError

    try:
        raw = json.loads(about["config"])
        if Path(raw["output"]["folder"]).resolve() != folder.resolve():
            raw["output"]["folder"] = str(folder)
        return Loaded(Config.model_validate(raw), Path(about["inputs"]), about["source"])
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        reason = f"does not hold a configuration of this version of tmefield ({type(error).__name__})"
        raise FileError(f"{folder}: the checkpoint {reason}; start the run again") from None
