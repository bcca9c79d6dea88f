"""The draw of units and inspectors that outsiders can verify (docs/draw.md)."""
