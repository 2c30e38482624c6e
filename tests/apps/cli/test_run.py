"""``wattledger run``: one command, one line, and whatever is killed comes back."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Iterator

import pytest

from installation import PATIENCE_S, Installation, installed, until

pytestmark = pytest.mark.journey


@pytest.fixture
def place() -> Iterator[Installation]:
    with installed() as installation:
        yield installation


class TestOneCommand:
    def test_says_one_line_serves_and_leaves_nothing_behind_on_sigterm(self, place: Installation) -> None:
        run = place.started()
        assert place.is_healthy()
        assert place.stations_listen()
        run.send_signal(signal.SIGTERM)
        rest, _ = run.communicate(timeout=PATIENCE_S)
        assert (run.returncode, rest) == (0, "")
        assert place.leftovers() == []
        assert (place.data_dir / "secret.key").stat().st_mode & 0o777 == 0o600

    def test_ctrl_c_ends_it_as_cleanly(self, place: Installation) -> None:
        run = place.started()
        run.send_signal(signal.SIGINT)
        assert run.wait(PATIENCE_S) == 0
        assert place.leftovers() == []

    def test_a_port_in_use_ends_it_with_a_reason(self, place: Installation) -> None:
        with socket.create_server(("127.0.0.1", place.web_port)):
            run = place.run()
            assert run.wait(PATIENCE_S) == 1
        assert "process_failed" in place.log()
        assert place.leftovers() == []

    def test_a_second_one_on_the_same_data_is_refused(self, place: Installation) -> None:
        first = place.started()
        assert place.run().wait(PATIENCE_S) == 1
        assert "data_dir_in_use" in place.log()
        assert first.poll() is None
        assert place.is_healthy()

    def test_a_process_alone_says_what_it_misses(self, place: Installation) -> None:
        assert place.run("web").wait(PATIENCE_S) == 1
        assert "database_missing" in place.log()


class TestKillMinusNine:
    def test_each_process_that_is_killed_is_started_again(self, place: Installation) -> None:
        run = place.started()
        for word in ("web", "stations", "worker"):
            self.kill(place, run, word)
            until(lambda: place.is_healthy() and place.stations_listen())

    def kill(self, place: Installation, run: subprocess.Popen[str], word: str) -> None:
        """That process has died; another of its name lives."""
        killed = until(lambda: place.child(run, word))
        killed.kill()
        until(lambda: (heir := place.child(run, word)) is not None and heir.pid != killed.pid)

    def test_a_killed_database_comes_back_and_the_processes_find_it(self, place: Installation) -> None:
        run = place.started()
        words = ("web", "stations", "worker")
        until(lambda: all(place.child(run, word) for word in words))
        processes = [place.child(run, word) for word in words]
        until(lambda: place.child(run, "postgres")).kill()
        until(lambda: "PostgreSQL is back" in place.log())
        until(place.is_healthy)
        assert all(process is not None and process.is_running() for process in processes)

    def test_after_its_own_death_nothing_goes_on_and_the_next_takes_over(self, place: Installation) -> None:
        run = place.started()
        run.kill()
        run.wait(PATIENCE_S)
        until(lambda: not any(re.search("--supervised", words) for words in place.leftovers()))
        place.started()
        assert place.is_healthy()


class TestCommandsBesideIt:
    def test_a_command_borrows_the_running_database(self, place: Installation) -> None:
        place.started()
        assert place.run("migrate").wait(PATIENCE_S) == 0
        assert place.is_healthy()

    def test_a_command_alone_starts_one_for_the_time_being(self, place: Installation) -> None:
        done = place.run("migrate")
        told, _ = done.communicate(timeout=PATIENCE_S)
        assert told.endswith("The schema is up to date.\n")
        assert place.leftovers() == []
