"""Tools of the people who build 随检; nothing here is imported by the server."""
