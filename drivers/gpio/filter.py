"""From the edges of one contact to what is believed of it: debouncing and chatter, no clock.

A level is believed once it has held for the debounce time, by the edges' own timestamps: a
contact of 20 ms that is delivered late is still a contact of 20 ms, and a spike is still a
spike.
"""

from collections import deque

from gate.walltime import NS_PER_S

CHATTER_EDGES_MAX = 50
"""More edges than that within the window are no contact but a fault. A bouncing relay makes
some ten; hum picked up by a broken cable makes a hundred a second."""
CHATTER_WINDOW_NS = NS_PER_S


class ContactFilter:
    """What is known of one contact."""

    def __init__(self, debounce_ns: int) -> None:
        self._debounce_ns = debounce_ns
        self._edges: deque[int] = deque(maxlen=CHATTER_EDGES_MAX + 1)
        self._since_ns = 0
        self.raw = False
        """Active by the last edge."""
        self.believed = False
        """Active by the last level that held."""

    def start(self, active: bool, now_ns: int) -> None:
        """Take a level for granted and forget all that was before."""
        self.raw = self.believed = active
        self._since_ns = now_ns
        self._edges.clear()

    def edge(self, active: bool, at_ns: int) -> bool | None:
        """An edge to that level. Returns what is believed anew, None for nothing new."""
        if active == self.raw:
            return None
        news = self.settle(at_ns)
        self.raw = active
        self._since_ns = at_ns
        self._edges.append(at_ns)
        return news

    def settle(self, now_ns: int) -> bool | None:
        """Time has passed without an edge. Returns what is believed anew, None for nothing new."""
        due_ns = self.due_ns()
        if due_ns is None or now_ns < due_ns:
            return None
        self.believed = self.raw
        return self.believed

    def due_ns(self) -> int | None:
        """When the present level will have held long enough; None when it is believed already."""
        return None if self.raw == self.believed else self._since_ns + self._debounce_ns

    def chatters(self) -> bool:
        """Whether there were too many edges within the window that ends with the last one."""
        edges = self._edges
        return len(edges) > CHATTER_EDGES_MAX and edges[-1] - edges[0] <= CHATTER_WINDOW_NS
