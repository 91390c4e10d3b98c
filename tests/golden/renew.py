"""Write the golden files anew, for a person to review as a diff: python -m tests.golden.renew."""

from __future__ import annotations

from pathlib import Path

from provisioner.render import FORMATS, render
from tests.golden.made_catalog import catalog
from tests.golden.plans import PLANS

HERE = Path(__file__).parent


def main() -> None:
    """Render every plan in every format that carries it."""
    for name, make in PLANS.items():
        plan = make()
        for chosen in FORMATS.values():
            if plan.via not in chosen.carries:
                continue
            for file in render(plan, chosen.name, catalog()):
                target = HERE / name / file.path
                target.parent.mkdir(exist_ok=True)
                target.write_text(file.text)


if __name__ == "__main__":
    main()
