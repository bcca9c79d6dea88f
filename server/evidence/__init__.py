"""Evidence (证据文件): bytes under their own hash, carried in pieces, never rewritten, never served as active content."""
