"""Users as files: one module per form. What a form cannot hold is said in its module's opening words."""
