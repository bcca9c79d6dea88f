"""Setting up, starting and testing 随检 with the standard library only.

``manage.py`` is the door; each module here is one concern of it. Nothing is run through a shell,
so paths with spaces and Chinese need no quoting, and every step is skipped while a hash of what it
depends on is unchanged.
"""
