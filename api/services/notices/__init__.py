"""Information notices (信息互通) between departments: written, sent, read, answered, reminded of."""
