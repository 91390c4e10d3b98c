"""Every GPU × driver × framework, held against the facts by the judge of ``tests/table``."""
