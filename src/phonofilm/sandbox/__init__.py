"""Stand-ins of the catalogues: one generated world, served in each source's wire format.

Nothing here imports the rest of the project: a stand-in that shared code with our parsers would
agree with their mistakes.
"""
