"""Batches of assignments 抽查批次: imported from where they were drawn, until this product draws itself."""
