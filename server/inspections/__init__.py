"""Inspections 检查: one attendance at one unit, kept as signed events and read back as a fold.

The pure half (``event_types``, ``events``, ``fold``, ``attest``, ``items``, ``needs``,
``record_text``) says what a record *means* and has a twin in ``pwa/src/core`` bound by the
vectors in ``tests/vectors/fold-*.json``. Its rules are written for people in ``docs/events.md``.
"""
