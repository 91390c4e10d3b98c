"""The face: parse, call, print. The only place that knows click and rich."""
