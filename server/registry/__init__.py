"""Units 检查对象名录库, market entities, inspectors 执法检查人员名录库, and conflicts of interest 回避."""
