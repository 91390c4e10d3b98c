"""What stands in the way of a service is said, and nothing is left of it."""

from __future__ import annotations

import pytest

from provisioner.jupyter import service
from tests.cli.environments import Home
from tests.cli.serving import (
    asked,
    free,
    serve,
    systemctl,
    token,
    unit,
)

NO_SESSION = """\
error: no-user-services

systemd runs no services of this user here.

  Failed to connect to bus: No medium found

hint: Serve it from this terminal: dlsetup env serve lab --foreground
"""


def test_without_a_session_of_systemd_the_foreground_is_the_way(home: Home) -> None:
    ran = serve(home, STAND_IN="no session")

    assert (ran.code, ran.out, ran.err) == (1, "", NO_SESSION)
    assert not unit(home).exists()
    assert not token(home).exists()


def test_without_systemctl_too(home: Home) -> None:
    ran = home.run("env", "serve", "lab", PATH="/nonexistent")

    assert ran.code == 1
    assert ran.err == NO_SESSION.replace(
        "Failed to connect to bus: No medium found", "systemctl was not found."
    )


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("broken", "the service is failed, and nothing answers"),
        ("open", "what answers there does not ask for the token"),
    ],
)
def test_one_that_does_not_come_up_safely_is_taken_back(
    trouble: str, reason: str, home: Home
) -> None:
    ran = serve(home, "--port", str(free()), STAND_IN=trouble)

    assert ran.code == 3
    assert ran.err == (
        "error: service-not-started\n\n"
        "JupyterLab did not come up as a service, and was taken back.\n\n"
        f"  {reason}\n\n"
        "hint: Look at what it said: journalctl --user --unit dlsetup-lab.service\n"
    )
    assert not unit(home).exists()
    assert not token(home).exists()


REFUSED = """\
error: systemctl-failed

systemctl --user enable dlsetup-lab.service failed.

  Failed to enable: Access denied

hint: Mend what it says, and try again.
"""


def test_what_systemd_refuses_is_said_and_taken_back(home: Home) -> None:
    ran = serve(home, "--port", str(free()), STAND_IN="refuses enable")

    assert (ran.code, ran.err) == (3, REFUSED)
    assert not unit(home).exists()
    assert not token(home).exists()


def test_where_the_service_cannot_be_stopped_its_environment_stays(home: Home) -> None:
    serve(home, "--port", str(free()))
    ran = home.run("env", "remove", "lab", "--json", STAND_IN="refuses disable", **systemctl(home))

    assert (ran.code, ran.error["reference"]) == (3, "systemctl-failed")
    assert unit(home).exists()
    assert home.run("env", "show", "lab", **systemctl(home)).code == 0


def test_one_that_is_silent_is_not_waited_for_without_end(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PATIENCE_S", 0.0)
    ran = serve(home, "--port", str(free()), "--json")

    assert ran.error["reference"] == "service-not-started"


def test_a_change_that_fails_leaves_the_service_of_before(home: Home) -> None:
    port = free()
    serve(home, "--port", str(port))
    before = unit(home).read_text()
    ran = serve(home, "--port", str(free()), STAND_IN="broken")
    assert ran.code == 3
    assert unit(home).read_text() == before

    # The stand-in inherits the trouble of who called it last; systemd's services do not.
    assert serve(home).code == 0
    assert asked(port)[0] == 403


def test_a_foreign_unit_is_never_touched(home: Home) -> None:
    unit(home).parent.mkdir(parents=True)
    unit(home).write_text("[Service]\nExecStart=/bin/mine\n")
    ran = serve(home, "--json")
    stopped = serve(home, "--stop", "--json")
    removed = home.run("env", "remove", "lab", **systemctl(home))

    assert (ran.code, ran.error["reference"]) == (1, "place-taken")
    assert stopped.data["changed"] is False
    assert removed.code == 0
    assert unit(home).read_text() == "[Service]\nExecStart=/bin/mine\n"


def test_without_jupyterlab_it_is_refused_with_the_command_that_adds_it(home: Home) -> None:
    assert home.up("bare", "tensorflow-cpu").code == 0
    ran = home.run("env", "serve", "bare", "--json", **systemctl(home))

    assert (ran.code, ran.error["reference"]) == (1, "package-missing")
    assert "dlsetup up bare tensorflow-cpu jupyterlab" in ran.error["hint"]
