"""What platforms tell us, written down: `inbound.receive(arrivals)`.

Everything is set-based: the number of statements does not depend on how many items come at once. A batch is
read (`batch`), thought through in memory (`messages`, `changes`, `reports`), and written (`writing`), all in
one transaction.
"""

from conversations.inbound.arrivals import Arrival
from conversations.inbound.reception import receive

__all__ = ["Arrival", "receive"]
