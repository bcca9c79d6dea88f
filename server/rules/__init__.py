"""Rule profiles, item lists and checklists: data of the business, resolved, checked and pinned by hash.

``checklists/README.md`` tells clerks how to change them; nothing here names an agency."""
