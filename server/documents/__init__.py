"""Official documents as PDF: what is served, what was recorded, what is reported."""
