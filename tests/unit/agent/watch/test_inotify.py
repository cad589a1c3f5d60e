"""inotify watches the folder, so it has to tell the database's files from the others."""

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

LONG = 3600.0
QUIET = 0.2

if sys.platform == "linux":
    from agent.watch.inotify import Inotify

    def write(path: Path) -> None:
        path.write_text("new")

    @pytest.fixture
    def database(tmp_path: Path) -> Path:
        folder = tmp_path / "Messages"
        folder.mkdir()
        write(folder / "chat.db")
        return folder / "chat.db"

    async def test_other_files_of_the_folder_end_no_wait(database: Path):
        with Inotify(database) as source:
            (database.parent / "Attachments").mkdir()

            with pytest.raises(TimeoutError):
                await asyncio.wait_for(source.wait(LONG), QUIET)

    @pytest.mark.parametrize("name", ["chat.db", "chat.db-wal", "chat.db-shm"])
    async def test_each_file_of_the_database_ends_it(database: Path, name: str):
        with Inotify(database) as source:
            write(database.with_name(name))

            await asyncio.wait_for(source.wait(LONG), 30)

    async def test_a_folder_that_is_made_anew_is_watched_anew(database: Path):
        with Inotify(database) as source:
            shutil.rmtree(database.parent)
            await asyncio.wait_for(source.wait(LONG), 30)
            database.parent.mkdir()
            await asyncio.wait_for(source.wait(LONG), 30)
            write(database)

            await asyncio.wait_for(source.wait(LONG), 30)
