"""Pages and parts of files from a server on loopback that counts, and that misbehaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioner import download
from provisioner.download import Bill, NotThereError, Part, Web
from provisioner.errors import OutsideError
from tests.unit.upkeep.authority import made_authority
from tests.unit.upkeep.loopback import Loopback, serving

ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.2"
DATA = bytes(range(256)) * 8


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setattr(download, "_BACKOFF_S", 0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as served:
        served.add("torch", "some.whl", DATA)
        yield served


def page(index: Loopback, web: Web) -> str:
    return web.page(f"{index.address}torch/", ACCEPT)[0]


def file(index: Loopback, name: str = "some.whl") -> str:
    return index.address.replace("simple", "files") + name


def reference(work: Callable[[], object]) -> str:
    with pytest.raises(OutsideError) as caught:
        work()
    assert "127.0.0.1" not in str((caught.value.message, caught.value.context, caught.value.hint))
    return caught.value.reference


def billed(index: Loopback) -> Bill:
    return Bill(index.requests, index.bytes)


def test_a_page_is_fetched_once_and_then_only_asked_about(index: Loopback, tmp_path: Path) -> None:
    web = Web(tmp_path)
    texts = [page(index, web), page(index, web)]

    assert texts[0] == texts[1]
    assert [item.status for item in index.sent] == [200, 304]
    assert web.bill == billed(index)


def test_a_page_that_changed_is_fetched_again_also_by_the_next_run(
    index: Loopback, tmp_path: Path
) -> None:
    page(index, Web(tmp_path))
    index.add("torch", "other.whl", DATA)

    web = Web(tmp_path)

    assert "other.whl" in page(index, web)
    assert "other.whl" in page(index, web)
    assert [item.status for item in index.sent] == [200, 200, 304]
    assert web.bill == Bill(2, index.sent[1].size)


def test_both_forms_of_a_page_are_kept_apart(index: Loopback, tmp_path: Path) -> None:
    web = Web(tmp_path)

    kinds = [web.page(f"{index.address}torch/", accept)[1] for accept in (ACCEPT, "text/html")]

    assert kinds == ["application/vnd.pypi.simple.v1+json", "text/html"]


def test_a_page_is_utf_8_whatever_the_server_leaves_unsaid(index: Loopback) -> None:
    index.form = "html"
    index.add("torch", "größe.whl", DATA)

    assert "größe.whl" in page(index, Web())


def test_the_bill_counts_what_went_over_the_wire(index: Loopback) -> None:
    index.behaviour["torch"] = ["compressed"]
    web = Web()

    assert page(index, web).startswith("{")
    assert web.bill == billed(index)


def test_a_part_is_what_was_asked_for(index: Loopback) -> None:
    web = Web()

    assert web.part(file(index), 10, 19) == Part(10, DATA[10:20], len(DATA))
    assert web.part(file(index), -16, None) == Part(len(DATA) - 16, DATA[-16:], len(DATA))
    assert web.part(file(index), -(10**6), None) == Part(0, DATA, len(DATA))
    assert web.bill == billed(index)


def test_a_small_file_may_come_whole(index: Loopback) -> None:
    index.behaviour["some.whl"] = ["whole"]

    assert Web().part(file(index), 10, 19) == Part(0, DATA, len(DATA))


def test_a_large_file_may_not(index: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "WHOLE_FILE_BYTES", len(DATA) - 1)
    index.behaviour["some.whl"] = ["whole"]
    web = Web()

    assert reference(lambda: web.part(file(index), 0, 1)) == "no-partial-files"
    assert web.bill == Bill(1, 0)


@pytest.mark.parametrize("status", ["404", "410"])
def test_what_is_not_there_is_told_apart(index: Loopback, status: str) -> None:
    index.behaviour["some.whl"] = [status]

    with pytest.raises(NotThereError) as caught:
        Web().part(file(index), 0, 1)
    assert (caught.value.reference, caught.value.exit_code) == ("not-on-index", 3)


def test_a_busy_server_is_asked_again(index: Loopback) -> None:
    index.behaviour["some.whl"] = ["503", "503", "fine"]
    web = Web()

    assert web.part(file(index), 0, 1).data == DATA[:2]
    assert [item.status for item in index.sent] == [503, 503, 206]
    assert web.bill.requests == 3


def test_a_server_that_asks_to_be_left_alone_for_a_day_is_not_waited_for_so_long(
    index: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_LONGEST_WAIT_S", 0)
    index.behaviour["some.whl"] = ["later", "fine"]

    assert Web().part(file(index), 0, 1).data == DATA[:2]


def test_a_server_that_stays_broken_is_given_up(index: Loopback) -> None:
    index.behaviour["torch"] = ["500"]
    web = Web()

    assert reference(lambda: page(index, web)) == "index-unreachable"
    assert web.bill.requests == index.requests == 5


def test_an_answer_that_breaks_off_is_asked_for_again(index: Loopback) -> None:
    index.behaviour["some.whl"] = ["cut", "fine"]
    web = Web()

    assert web.part(file(index), 0, 99).data == DATA[:100]
    assert web.bill == billed(index)


def test_an_answer_that_always_breaks_off_is_an_error(index: Loopback) -> None:
    index.behaviour["some.whl"] = ["cut"]

    assert reference(lambda: Web().part(file(index), 0, 99)) == "index-unreachable"


@pytest.mark.parametrize(
    ("answers", "seen"),
    [
        (["fine"], [(200, 2048)]),
        (["cut", "fine"], [(200, 1024), (206, 1024)]),
        (["cut", "cut", "fine"], [(200, 1024), (206, 512), (206, 512)]),
        (["cut", "whole"], [(200, 1024), (200, 2048)]),
        (["cut", "wrong-span", "fine"], [(200, 1024), (206, 1024), (200, 2048)]),
    ],
    ids=str,
)
def test_a_file_goes_on_where_it_broke_off(
    answers: list[str], seen: list[tuple[int, int]], index: Loopback, tmp_path: Path
) -> None:
    index.behaviour["some.whl"] = answers
    heard: list[int] = []
    with (tmp_path / "some.whl").open("w+b") as stream:
        Web().into(file(index), stream, heard.append)

    assert (tmp_path / "some.whl").read_bytes() == DATA
    assert [(item.status, item.size) for item in index.sent] == seen
    assert heard[-1] == len(DATA)


def test_a_file_that_always_breaks_off_is_an_error(index: Loopback, tmp_path: Path) -> None:
    index.behaviour["some.whl"] = ["cut"]
    with (tmp_path / "some.whl").open("w+b") as stream:
        assert reference(lambda: Web().into(file(index), stream, lambda _: None)) == (
            "index-unreachable"
        )


def test_a_server_that_sends_another_part_is_no_proof_of_anything(index: Loopback) -> None:
    index.behaviour["some.whl"] = ["wrong-span"]

    assert reference(lambda: Web().part(file(index), 100, 199)) == "no-partial-files"


def test_redirects_are_followed_and_billed_and_lead_to_no_files_of_this_machine(
    index: Loopback, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret", encoding="utf-8")
    index.behaviour["moved"] = [f"to:{file(index)}"]
    index.behaviour["here"] = [f"to:file://{secret}"]
    index.behaviour["round"] = [f"to:{file(index, 'round')}"]
    web = Web()

    assert web.part(file(index, "moved"), 0, 1).data == DATA[:2]
    assert web.bill == billed(index)
    assert reference(lambda: web.whole(file(index, "here"))) == "index-unreachable"
    assert reference(lambda: web.whole(file(index, "round"))) == "index-unreachable"
    assert reference(lambda: web.whole(f"file://{secret}")) == "index-unreachable"


@pytest.mark.usefixtures("index")
def test_nobody_at_home_is_an_error_without_the_address() -> None:
    web = Web()

    assert reference(lambda: web.whole("http://me:password@127.0.0.1:9/x")) == "index-unreachable"


def test_a_folder_that_cannot_be_made_keeps_nothing(index: Loopback, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("", encoding="utf-8")
    web = Web(in_the_way / "cache")

    assert page(index, web) == page(index, web)
    assert [item.status for item in index.sent] == [200, 200]


@pytest.mark.parametrize("content", [b"", b"no database" * 99])
def test_kept_pages_that_are_damaged_are_no_obstacle(
    index: Loopback, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "pages.sqlite").write_bytes(content)

    assert "some.whl" in page(index, Web(tmp_path))


def test_kept_pages_are_for_this_user_alone(index: Loopback, tmp_path: Path) -> None:
    page(index, Web(tmp_path / "cache"))

    assert (tmp_path / "cache").stat().st_mode & 0o077 == 0


def configured(place: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Web:
    (place / "config.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("DLSETUP_CONFIG", str(place / "config.toml"))
    return Web()


def test_a_mirror_of_the_configuration_is_asked_with_its_password(
    index: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.lets_in = "joe:s3cret"
    mirror = index.address.replace("://", "://joe:s3cret@")
    text = f'[mirrors]\n"https://nowhere.example/simple" = "{mirror}"\n'

    web = configured(tmp_path, text, monkeypatch)

    assert "some.whl" in web.page("https://nowhere.example/simple/torch/", ACCEPT)[0]
    assert web.silent("https://nowhere.example/simple/torch/") is None


def test_a_certificate_of_the_configuration_is_trusted_besides_the_usual_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, authority = made_authority(tmp_path)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(tls) as served:
        served.add("torch", "some.whl", DATA)
        without = Web().silent(f"{served.address}torch/")
        web = configured(tmp_path, f'ca-file = "{authority}"\n', monkeypatch)

        assert "some.whl" in page(served, web)
        assert web.silent(f"{served.address}torch/") is None

    assert without == "its certificate is not one that is trusted here: name its CA as ca-file"


def test_who_is_not_let_in_is_told_so_without_the_whole_address(index: Loopback) -> None:
    index.lets_in = "joe:sesame"
    with pytest.raises(OutsideError) as raised:
        Web().whole(file(index) + "?signed=secret")

    error = raised.value
    assert error.reference == "index-not-allowed"
    assert "secret" not in f"{error.message}{error.context}"
