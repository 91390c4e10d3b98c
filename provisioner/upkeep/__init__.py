"""What the world publishes → the catalog's sheets. Nothing here runs in the daily commands."""

from __future__ import annotations
