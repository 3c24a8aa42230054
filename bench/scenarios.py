"""What is measured: which contenders run side by side, and what their ratio is to be."""
import os
from dataclasses import dataclass, field
from statistics import median

from peers import PEERS

PRODUCTS = int(os.environ.get("PRODUCTS", 10000))
CARTS = int(os.environ.get("CARTS", 1000))  # of one client; fewer each where there are many


@dataclass(frozen=True)
class Contender:
    name: str
    peer: str
    lines: int = 3
    clients: int = 1
    hot: bool = False
    promo: str | None = None
    settings: str = ""
    relay: bool = False

    @property
    def carts(self):
        """Of each client: fewer of many lines, or of many clients."""
        return max(40, CARTS // self.clients * 4 // max(4, self.lines))

    def run(self, server, carts=None):
        script = PEERS[self.peer](lines=self.lines, products=PRODUCTS, hot=self.hot, promo=self.promo)
        environment = {"PGOPTIONS": self.settings} if self.settings else {}
        return server.run(script, clients=self.clients, carts=carts or self.carts, lines=self.lines, hot=self.hot,
                          relay=self.relay, environment=environment)


@dataclass(frozen=True)
class Bound:
    """At least or at most so much."""
    sign: str
    limit: float

    def holds(self, value):
        return value >= self.limit if self.sign == ">=" else value <= self.limit

    def __str__(self):
        return f"{self.sign} {self.limit}"


@dataclass(frozen=True)
class Reach:
    """One contender's figure against another's; the median of the rounds' ratios."""
    name: str
    contender: str
    against: str
    column: str
    bound: Bound

    def value(self, figures):
        return median(getattr(a, self.column) / getattr(b, self.column)
                      for a, b in zip(figures[self.contender], figures[self.against]))


@dataclass(frozen=True)
class PerLine(Reach):
    """The same of what each line more costs."""
    few: str = "10 lines"
    many: str = "100 lines"

    def value(self, figures):
        def slope(peer, n):
            few, many = (getattr(figures[f"{peer}, {lines}"][n], self.column) for lines in (self.few, self.many))
            return many - few
        rounds = range(len(figures[f"{self.contender}, {self.few}"]))
        return median(slope(self.contender, n) / slope(self.against, n) for n in rounds)


@dataclass(frozen=True)
class Scenario:
    name: str
    what: str
    contenders: list
    reaches: list = field(default_factory=list)


def at_least(limit):
    return Bound(">=", limit)


def at_most(limit):
    return Bound("<=", limit)


def side_by_side(peers, **same):
    return [Contender(peer, peer, **same) for peer in peers]


def all_scenarios():
    everyone = list(PEERS)
    yield Scenario("one-client", "3 lines, 1 client, a socket, fsync on", side_by_side(everyone), [
        Reach("rate_against_original", "weedgo", "original", "rate", at_least(5)),
        Reach("cpu_against_plpgsql", "weedgo", "plpgsql", "cpu_us", at_most(0.65)),
        Reach("cpu_against_floor", "weedgo", "floor", "cpu_us", at_most(1.0)),
        Reach("wal_against_floor", "weedgo", "floor", "wal_bytes", at_most(1.10)),
        HotShare("hot_share_of_stock_updates", "weedgo", "weedgo", "hot_share", at_least(0.99)),
    ])
    yield Scenario("one-client-relay", "the same through a relay that adds 1 ms each way",
                   side_by_side(["weedgo", "plpgsql", "original"], relay=True), [
                       Reach("rate_against_original_with_network", "weedgo", "original", "rate", at_least(12))])
    yield Scenario("one-client-async", "3 lines, 1 client, synchronous_commit off",
                   side_by_side(everyone, settings="-c synchronous_commit=off"))
    yield Scenario("lines", "1 to 100 lines, 1 client",
                   [Contender(f"{peer}, {n} lines", peer, lines=n)
                    for n in (1, 3, 10, 100) for peer in ("weedgo", "plpgsql", "floor")],
                   [PerLine("cpu_per_line_against_plpgsql", "weedgo", "plpgsql", "cpu_us", at_most(0.6))])
    yield Scenario("clients", "3 lines, 1 to 64 clients",
                   [Contender(f"{peer}, {n} clients", peer, clients=n)
                    for n in (1, 16, 64) for peer in ("weedgo", "plpgsql", "floor")])
    for n in (8, 32, 64):
        yield Scenario(f"hot-sku-{n}", f"one line, {n} clients: everybody wants the same sku", [
            Contender("different skus", "weedgo", lines=1, clients=n),
            Contender("one sku", "weedgo", lines=1, clients=n, hot=True),
            Contender("plpgsql, one sku", "plpgsql", lines=1, clients=n, hot=True)],
            [Reach(f"hot_sku_{n}_against_plpgsql", "one sku", "plpgsql, one sku", "rate", at_least(1.5))] if n > 8 else [])
        yield Scenario(f"hot-promo-{n}", f"one line, {n} clients: everybody has the same limited promo code", [
            Contender("no code", "weedgo", lines=1, clients=n),
            Contender("one code", "weedgo", lines=1, clients=n, promo="LIMITED"),
            Contender("plpgsql, one code", "plpgsql", lines=1, clients=n, promo="LIMITED")],
            [Reach(f"hot_promo_{n}_against_none", "one code", "no code", "rate", at_least(0.9))])


@dataclass(frozen=True)
class HotShare(Reach):
    """A figure by itself."""

    def value(self, figures):
        return median(getattr(run, self.column) for run in figures[self.contender])
