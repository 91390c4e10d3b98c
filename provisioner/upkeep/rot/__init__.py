"""Time rot: which newer dependency breaks which old release, found by installing it for real."""
