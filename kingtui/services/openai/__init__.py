"""Words from a language model: OpenAI, or any server with its Chat Completions.

``questions`` what is asked, ``endpoint`` one exchange over HTTP, ``standing`` whether it may be asked now, ``budget``
what a day may cost, ``assistant`` all of it together. No number of kingtui ever comes from here.
"""
