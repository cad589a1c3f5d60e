"""The commands: list, pull, verify, rm."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.filesize import decimal

from model_files.errors import ModelCommandError
from model_files.files import ModelFiles, load_manifest
from model_files.listing import aligned, rows
from model_files.manifest import ManifestError, ModelEntry
from model_files.progress import Screen
from model_files.removing import plan_removal, remove
from model_files.settings import ModelsSettings
from model_files.verifying import verify as verify_model

# As shells have it for a program that Ctrl-C ended.
INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="The models on this machine. Only `pull` uses the network."
)
ModelId = Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")]


@app.command("list")
def list_models(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """List the models; * marks the one that the settings mean."""
    with _one_line_errors():
        settings, files = _settings_and_files()
        found = rows(files, _chosen(settings, files))
        if as_json:
            typer.echo(json.dumps([row.as_json() for row in found], indent=1))
            return
        for line in aligned([row.cells() for row in found]):
            typer.echo(line)


@app.command()
def pull(model_id: ModelId) -> None:
    """Download a model into the model cache, or go on with a download that was interrupted."""
    with _one_line_errors():
        _, files = _settings_and_files()
        model = files.manifest.get(model_id)
        # Imported here, since nothing else needs the network.
        from model_files.hub import Hub
        from model_files.pulling import Puller

        try:
            Puller(files, Hub(), Screen()).pull(model)
        except KeyboardInterrupt:
            typer.echo("stopped; the same command goes on where it stopped", err=True)
            raise typer.Exit(INTERRUPTED) from None


@app.command()
def verify(
    model_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="All that are here when left out.")
    ] = None,
) -> None:
    """Read files anew and compare their checksums. Exit status 1: at least one is not as it should be."""
    with _one_line_errors():
        _, files = _settings_and_files()
        meant = _meant(files, model_ids)
        if not meant:
            typer.echo("no model is here")
        all_right = True
        for model in meant:
            verdict = verify_model(files, model)
            # Gigabytes take a while: one after the other.
            typer.echo(verdict.words)
            all_right &= verdict.is_right
    if not all_right:
        raise typer.Exit(1)


@app.command("rm")
def remove_model(
    model_id: ModelId, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False
) -> None:
    """Remove a downloaded model, also one that is not finished."""
    with _one_line_errors():
        settings, files = _settings_and_files()
        model = files.manifest.get(model_id)
        removal = plan_removal(files, model, settings.model_path)
        if not removal.paths:
            typer.echo(f"{model_id} is not here")
            return
        size = decimal(removal.size)
        warning = " It is the model that the settings mean." if model == _chosen(settings, files) else ""
        if not yes:
            typer.confirm(f"Remove {', '.join(map(str, removal.paths))} ({size})?{warning}", abort=True)
        remove(files, removal)
        typer.echo(f"{model_id} removed, {size} freed")


def _settings_and_files() -> tuple[ModelsSettings, ModelFiles]:
    settings = ModelsSettings.load()
    return settings, ModelFiles(load_manifest(), settings.model_cache)


def _meant(files: ModelFiles, model_ids: list[str] | None) -> list[ModelEntry]:
    if model_ids:
        return [files.manifest.get(model_id) for model_id in model_ids]
    places = ((model, files.place(model)) for model in files.manifest.models)
    return [model for model, place in places if place is not None and place.is_file()]


def _chosen(settings: ModelsSettings, files: ModelFiles) -> ModelEntry | None:
    try:
        return files.manifest.choose(settings.model_path, settings.model_id)
    except ManifestError as error:
        typer.echo(f"ML_SERVICE_MODEL_ID: {error}", err=True)
        return None


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except (ModelCommandError, ManifestError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    except PermissionError as error:
        typer.echo(f"error: {error.filename}: {error.strerror}", err=True)
        raise typer.Exit(1) from None
