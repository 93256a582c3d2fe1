"""The state of a home: a database and one module of queries per subject. Queries take the connection they run on."""
