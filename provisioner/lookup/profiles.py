"""What the catalog knows of profiles, the predefined requests."""

from __future__ import annotations

from provisioner.catalog.load import Catalog
from provisioner.errors import UsageError
from provisioner.lookup.question import near, shown
from provisioner.lookup.values import ProfileAnswer, Profiles
from provisioner.request import COMPONENTS, folded, parse_wish


def profile(catalog: Catalog, name: str) -> ProfileAnswer | Profiles:
    """One profile, or the list of all where none is named.

    Raises UsageError ``unknown-profile``.
    """
    if not name:
        return Profiles(profiles=catalog.profiles)
    found = next((row for row in catalog.profiles if row.name == folded(name)), None)
    if found is None:
        raise _unknown(catalog, name)
    known = {*catalog.frameworks, *COMPONENTS}
    chosen = tuple(text for text in found.requirements if parse_wish(text).name in known)
    return ProfileAnswer(
        profile=found,
        chosen=chosen,
        companions=tuple(text for text in found.requirements if text not in chosen),
    )


def _unknown(catalog: Catalog, name: str) -> UsageError:
    names = sorted(row.name for row in catalog.profiles)
    close = near(folded(name), names)
    return UsageError(
        "unknown-profile",
        f"There is no profile {shown(name)}.",
        context=(f"there are {', '.join(names)}",),
        hint=f"Did you mean {' or '.join(close)}?"
        if close
        else "See what each is: dlsetup catalog show profiles",
    )
