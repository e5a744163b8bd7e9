"""The search language of `q`: Lucene's syntax, as far as the vendor's third search engine has it.

`grammar.py` reads the text, `fields.py` knows what can be asked of which field, `meaning.py` makes the core's query of both.
"""
