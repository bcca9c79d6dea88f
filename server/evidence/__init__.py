"""Evidence (证据文件): bytes under their hash, carried in pieces, never rewritten or served as active content."""
