"""Agencies, people, their roles, enrolled devices and sessions."""
