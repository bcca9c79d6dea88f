"""The inspection report 检查报告: drafted when a sealed visit arrives, reviewed within the time limit."""
