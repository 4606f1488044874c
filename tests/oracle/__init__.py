"""A second opinion on the contract: slow, naive, and written from its text alone.

Every event of every customer is kept for ever, and every figure is computed anew from the whole list whenever it is
asked for. Nothing here is shared with the core.
"""
