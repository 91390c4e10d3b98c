"""One Dockerfile built by buildah, without a daemon, and the image run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.render import render
from tests.golden.made_catalog import catalog
from tests.golden.plans import cpu
from tests.integration.roots import bookworm

pytestmark = [pytest.mark.root, pytest.mark.network]

BASE = "docker.io/library/debian:12"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Buildah with images of its own: Debian's clean root stands under the base's real name."""
    if shutil.which("buildah") is None:
        subprocess.run(["apt-get", "install", "-y", "-q", "buildah"], check=True, stdout=sys.stderr)
    folder = tmp_path_factory.mktemp("buildah")
    words = ["buildah", "--root", f"{folder}/store", "--runroot", f"{folder}/run"]
    words += ["--storage-driver", "vfs"]
    base = buildah(words, "from", "scratch")
    buildah(words, "add", base, str(bookworm()), "/")
    buildah(words, "commit", "--rm", base, BASE)
    yield words
    buildah(words, "rm", "--all")
    buildah(words, "rmi", "--all", "--force")


def buildah(words: list[str], *more: str) -> str:
    done = subprocess.run([*words, *more], capture_output=True, text=True, check=False, timeout=550)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout.strip()


def test_the_cpu_image_builds_and_computes_as_a_user_that_is_not_root(
    store: list[str], tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(render((cpu(),), "dockerfile", catalog())[0].text)
    told = ["--env", f"SSL_CERT_FILE={CERTIFICATES}", "--env", f"PIP_CERT={CERTIFICATES}"]
    mounted = ["-v", f"{CERTIFICATES}:{CERTIFICATES}:ro"]
    build = ["bud", "--isolation", "chroot", "--pull-never", "--layers=false", "--format", "docker"]
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        if os.environ.get(name):
            told += ["--env", f"{name}={os.environ[name]}"]
    buildah(store, *build, *mounted, *told, "-t", "localhost/test", str(tmp_path))
    made = buildah(store, "from", "--pull-never", "localhost/test")
    program = (
        "import os, tensorflow as tf; print(os.getuid(), tf.__version__, float(tf.add(1., 2.)))"
    )
    said = buildah(store, "run", "--isolation", "chroot", made, "--", "python3", "-c", program)

    assert said.splitlines()[-1] == "10001 2.21.0 3.0"
    files = buildah(
        store, "run", "--isolation", "chroot", made, "--", "ls", "/opt", "/var/lib/apt/lists"
    )
    assert "uv" not in files.split()
    assert files.rstrip().endswith("/var/lib/apt/lists:")
