"""The peer: the same job as a plain Django REST framework service, to compare with.

It is written as an experienced Django developer would write it in an afternoon, and imports nothing
of the product. `tests.bench.peers` fills its database and measures it.
"""
