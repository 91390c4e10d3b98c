from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from provisioner.errors import DlsetupError, UsageError
from provisioner.request import Wish, named_profiles, parse_wish, split

FRAMEWORKS = ("torch", "tensorflow", "torchvision")
PROFILES = {
    "tf1": ("tensorflow==1.15.*",),
    "torchvision": ("torchvision", "numpy"),
    "two-words": ("torch", "torchvision", "numpy"),
}


def names(words: list[str], profile: str | None = None) -> tuple[list[str], list[str]]:
    wishes, companions = split(words, frameworks=FRAMEWORKS, profiles=PROFILES, profile=profile)
    return [wish.text for wish in wishes], list(companions)


def test_a_bare_name_a_range_and_an_extra_are_read() -> None:
    assert parse_wish("torch") == Wish(name="torch", text="torch")
    assert parse_wish("tensorflow[and-cuda] == 2.15.*").extras == ("and-cuda",)
    assert parse_wish("cuda<13").is_component
    assert parse_wish("PyTorch>=2").name == "torch"


def test_what_the_catalog_does_not_choose_is_a_companion_as_it_stands() -> None:
    words = ["torch", "transformers>=4", "cudnn>=9", "numpy"]

    assert names(words) == (["torch", "cudnn>=9"], ["transformers>=4", "numpy"])


def test_a_profile_may_hold_the_package_of_its_own_name() -> None:
    assert names(["torchvision"]) == (["torchvision"], ["numpy"])
    assert names(["torchvision>=0.2"]) == (["torchvision>=0.2"], [])
    assert names(["torchvision[extra]"]) == (["torchvision[extra]"], [])


def test_a_profile_is_named_as_packages_are() -> None:
    for word in ("two-words", "Two_Words", "TWO.WORDS"):
        assert names([word]) == (["torch", "torchvision"], ["numpy"])
        assert names([], profile=word) == (["torch", "torchvision"], ["numpy"])


def test_what_two_profiles_share_is_asked_for_once() -> None:
    assert names(["two-words", "torchvision"]) == (["torch", "torchvision"], ["numpy"])
    assert names(["torchvision"], profile="two-words") == (["torch", "torchvision"], ["numpy"])


def test_a_word_of_ones_own_narrows_what_a_profile_leaves_open() -> None:
    assert names(["two-words", "torch==2.9.*"]) == (["torchvision", "torch==2.9.*"], ["numpy"])
    assert names(["numpy<2"], profile="two-words") == (["torch", "torchvision"], ["numpy<2"])


def test_a_word_of_ones_own_never_undoes_what_a_profile_says() -> None:
    with pytest.raises(UsageError) as caught:
        names(["tf1", "tensorflow>=2"])
    assert caught.value.reference == "asked-twice"


def test_the_profiles_of_a_request_are_known_each_once() -> None:
    assert named_profiles(["TF1", "torchvision>=2", "numpy"], PROFILES, "two-words") == (
        "two-words",
        "tf1",
    )
    assert named_profiles(["tf1", "tf1"], PROFILES) == ("tf1",)


def test_a_bare_word_that_names_a_profile_is_the_profile() -> None:
    assert names(["tf1"]) == (["tensorflow==1.15.*"], [])
    assert names(["tf1>=2"]) == ([], ["tf1>=2"])
    assert names([], profile="tf1") == (["tensorflow==1.15.*"], [])


@pytest.mark.parametrize(
    ("words", "reference"),
    [
        (["torch >="], "bad-requirement"),
        (["; rm -rf /"], "bad-requirement"),
        (["$(id)"], "bad-requirement"),
        (["torch\n==2"], "bad-requirement"),
        (["torch @ https://example.org/x.whl"], "bad-requirement"),
        (["torch; python_version<'3'"], "bad-requirement"),
        (["torch", "pytorch"], "asked-twice"),
        ([], "nothing-asked"),
        (["  "], "bad-requirement"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(words: list[str], reference: str) -> None:
    with pytest.raises(UsageError) as caught:
        names(words)

    assert caught.value.reference == reference


def test_an_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no profile 'tf9'") as caught:
        names([], profile="tf9")

    assert "tf1" in caught.value.hint


def test_a_range_admits_what_it_says() -> None:
    wish = parse_wish("torch>=2.4,<2.10")

    assert wish.admits("2.9.1")
    assert not wish.admits("2.10.0")
    assert parse_wish("torch").admits("1.0")


@given(st.text(max_size=40))
def test_no_text_is_read_with_anything_but_a_wish_or_a_clear_error(text: str) -> None:
    try:
        wish = parse_wish(text)
    except DlsetupError as error:
        assert error.reference == "bad-requirement"  # noqa: PT017 - either outcome is fine
    else:
        assert wish.name
        assert wish.text.isprintable()


@pytest.mark.parametrize(
    "word",
    [
        "six @ http://hugo:hunter22@127.0.0.1:1/six-1-py3-none-any.whl",
        "six[all] @ https://hunter22@example.org/six-1-py3-none-any.whl",
        "six @ git+https://hugo:hunter22@example.org/six.git",
        "six @ http://hugo:hunter22/more@example.org/six-1-py3-none-any.whl",
        "torch @ http://git:hunter22@example.org/torch.whl",
        "--index-url=http://hugo:hunter22@example.org/",
        "six @ http://hugo:hunter22@example.org/\x1b",
        "six @ http://hugo:hunter22@example.org/" + "1" * 200,
        "http://hugo:hunter22@example.org/six-1-py3-none-any.whl",
    ],
)
def test_an_address_with_a_password_is_refused_and_not_repeated(word: str) -> None:
    with pytest.raises(UsageError) as raised:
        names(["numpy", word])

    error = raised.value
    assert error.reference == "secret-in-requirement"
    assert "hunter22" not in f"{error.message}{error.context}{error.hint}{error.data}"


@pytest.mark.parametrize(
    "word",
    [
        "six @ https://example.org:8080/six-1-py3-none-any.whl",
        "six @ git+https://example.org/six.git@v1.0",
        "six @ git+ssh://git@example.org/six.git",
        "six @ http://[::1]:80/six-1-py3-none-any.whl",
        "six @ file:///home/me@work/six-1-py3-none-any.whl",
        "six @ file:///me@work/six-1-py3-none-any.whl",
    ],
)
def test_an_address_without_a_password_is_no_secret(word: str) -> None:
    assert names([word]) == ([], [str(Requirement(word))])
