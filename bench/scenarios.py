"""What is measured: which contenders run side by side, and what their ratio is to be."""
import os
from dataclasses import dataclass, field
from statistics import median

PRODUCTS = int(os.environ.get("PRODUCTS", 10000))
CUSTOMERS = int(os.environ.get("CUSTOMERS", 10000))
CARTS = int(os.environ.get("CARTS", 4000))  # of one client; fewer each where there are many
STORM_RATE = int(os.environ.get("STORM_RATE", 400))  # calls a second, of all clients together
PRESIZE = int(os.environ.get("PRESIZE", 1_000_000))
FEW = 10_000


@dataclass(frozen=True)
class Contender:
    name: str
    peer: str
    lines: int = 3
    clients: int = 1
    sku: int | None = None  # the first one of every cart
    promo: str | None = None
    settings: str = ""
    relay: bool = False
    size: int | None = None  # of the shop: orders that are there already
    altered: str | None = None  # what is done to a shop of its own, in SQL
    needs: str | None = None  # a function that may not be there yet

    @property
    def carts(self):
        """Of each client: fewer of many lines, of many clients, or where each statement waits for the network."""
        return max(40, CARTS // self.clients * 4 // max(4, self.lines) // (16 if self.relay else 1))

    @property
    def cart(self):
        return {"lines": self.lines, "products": PRODUCTS, "customers": CUSTOMERS, "sku": self.sku, "promo": self.promo}

    def database(self, server):
        if self.size:
            return server.shop(self.size)
        return server.altered_shop(self.name, self.altered) if self.altered else None

    def run(self, server, few=False):
        return server.run(self.peer, self.cart, clients=self.clients, carts=20 if few else self.carts, relay=self.relay,
                          settings=self.settings, database=self.database(server))


@dataclass(frozen=True)
class BesideStorm(Contender):
    """Eight clients buy at a steady pace, while 64 ask for what was sold before."""
    on_one_cart: bool = True
    rate: int = 60

    def run(self, server, few=False):
        return server.run_beside_storm(self.cart, clients=8, carts=10 if few else max(20, CARTS // 32), rate=self.rate,
                                       storm_clients=64, storm_rate=STORM_RATE, is_on_one_cart=self.on_one_cart)


@dataclass(frozen=True)
class CartLock(Contender):
    def run(self, server, few=False):
        return server.time_locks(100 if few else 2 * CARTS)


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
class Alone(Reach):
    """A figure by itself."""

    def value(self, figures):
        return median(getattr(run, self.column) for run in figures[self.contender])


@dataclass(frozen=True)
class Scenario:
    name: str
    what: str
    contenders: list
    reaches: list = field(default_factory=list)
    pictured: tuple = ("rate", "cpu_us")


def at_least(limit):
    return Bound(">=", limit)


def at_most(limit):
    return Bound("<=", limit)


def side_by_side(peers, **same):
    return [Contender(peer, peer, **same) for peer in peers]


def one_client():
    everyone = ["weedgo", "plpgsql", "floor", "original"]
    yield Scenario("one-client", "3 lines, 1 client, a socket, fsync on", side_by_side(everyone), [
        Reach("rate_against_original", "weedgo", "original", "rate", at_least(5)),
        Reach("cpu_against_plpgsql", "weedgo", "plpgsql", "cpu_us", at_most(0.65)),
        Reach("cpu_against_floor", "weedgo", "floor", "cpu_us", at_most(1.0)),
        Reach("wal_against_floor", "weedgo", "floor", "wal_bytes", at_most(1.10)),
        Alone("hot_share_of_stock_updates", "weedgo", "weedgo", "hot_share", at_least(0.99)),
    ])
    yield Scenario("one-client-relay", "the same through a relay that adds 1 ms each way",
                   side_by_side(["weedgo", "plpgsql", "original"], relay=True), [
                       Reach("rate_against_original_with_network", "weedgo", "original", "rate", at_least(12))])
    off = {"settings": "-c synchronous_commit=off"}
    yield Scenario(
        "one-client-async",
        "3 lines, 1 client, sessions with synchronous_commit off. weedgo raises it to on for its transaction, because an order that"
        " was answered must not be lost: its commits are flushed all the same. The others' are not, or are, where they are 'on'",
        [*side_by_side(everyone, **off), Contender("plpgsql, on", "plpgsql"), Contender("floor, on", "floor")])


def lines_and_clients():
    yield Scenario("lines", "1 to 100 lines, 1 client",
                   [Contender(f"{peer}, {n} lines", peer, lines=n)
                    for n in (1, 3, 10, 100) for peer in ("weedgo", "plpgsql", "floor")],
                   [PerLine("cpu_per_line_against_plpgsql", "weedgo", "plpgsql", "cpu_us", at_most(0.6))])
    yield Scenario("clients", "3 lines, 1 to 64 clients",
                   [Contender(f"{peer}, {n} clients", peer, clients=n)
                    for n in (1, 16, 64) for peer in ("weedgo", "plpgsql", "floor")])


def hot(n):
    same = {"lines": 1, "clients": n}
    many = n > 8
    rows = max(n, 32)
    split_sku = f"one sku, split over {rows}"
    split_code = f"one code, split over {rows}"
    yield Scenario(f"hot-sku-{n}", f"one line, {n} clients: everybody wants the same sku", [
        Contender("different skus", "weedgo", **same),
        Contender("one sku", "weedgo", sku=1, **same),
        Contender(split_sku, "weedgo", sku=2 if rows == 32 else 3, needs="weedgo.split_stock", **same),
        Contender("plpgsql, one sku", "plpgsql", sku=1, **same)],
        [Reach(f"hot_sku_{n}_split_against_different", split_sku, "different skus", "rate", at_least(0.9)),
         *([Reach(f"hot_sku_{n}_split_against_plpgsql", split_sku, "plpgsql, one sku", "rate", at_least(3.5)),
            Reach(f"hot_sku_{n}_not_split_against_plpgsql", "one sku", "plpgsql, one sku", "rate", at_least(1.5))] if many else [])])
    yield Scenario(f"hot-promo-{n}", f"one line, {n} clients: everybody has the same limited promo code", [
        Contender("no code", "weedgo", **same),
        Contender("one code", "weedgo", promo="LIMITED", **same),
        Contender(split_code, "weedgo", promo=f"SPLIT-{rows}", needs="weedgo.split_promo", **same),
        Contender("plpgsql, one code", "plpgsql", promo="LIMITED", **same)],
        [Reach(f"hot_promo_{n}_against_none", "one code", "no code", "rate", at_least(0.9)),
         Reach(f"hot_promo_{n}_split_against_none", split_code, "no code", "rate", at_least(0.9))])


def locks():
    yield Scenario("storm", f"8 clients buy 60 carts a second, of 3 lines; 64 others ask, {STORM_RATE} times a second, for carts "
                   "that were sold: all for the same one, or each for its own", [
                       BesideStorm("one cart stormed", "weedgo"),
                       BesideStorm("spread over carts", "weedgo", on_one_cart=False)],
                   [Reach("p99_beside_storm_against_spread", "one cart stormed", "spread over carts", "p99_ms", at_most(1.3))],
                   ("p50_ms", "p99_ms"))
    yield Scenario("cart-lock", "a cart's lock is taken and released by the end of the transaction; by the server's clock, inside it",
                   [CartLock("lock_cart", "weedgo")],
                   [Alone("cart_lock_p99_ms", "lock_cart", "lock_cart", "p99_ms", at_most(0.1))], ("p50_ms", "p99_ms"))


def growth():
    yield Scenario("growth", f"3 lines, 1 client, beside {FEW:,} and {PRESIZE:,} carts and orders that are there already; after a checkpoint, so that each page goes"
                   " into the WAL as an image when it is touched for the first time", [
        Contender(f"{size:,} orders", "weedgo", size=size) for size in (FEW, PRESIZE)],
        [Reach("rate_in_large_shop_against_small", f"{PRESIZE:,} orders", f"{FEW:,} orders", "rate", at_least(0.85))])


def settings():
    yield Scenario("pool", "3 lines: so many connections buy at once", [
        Contender(f"{n} connections", "weedgo", clients=n) for n in (1, 2, 4, 8, 16, 32, 64)], pictured=("rate", "p99_ms"))
    yield Scenario("commit-delay", "3 lines, 16 clients: a flush waits for other commits, where 5 others are busy", [
        Contender(f"{us} us", "weedgo", clients=16, settings=f"-c commit_delay={us}") for us in (0, 50, 200, 1000)])
    yield Scenario(
        "stock-storage", f"3 lines, 4 clients: how full the pages of stock are, in a shop of {PRODUCTS:,} skus that is never vacuumed",
        [Contender(f"fillfactor {n}", "weedgo", clients=4,
                   altered=f"ALTER TABLE weedgo_data.stock SET (fillfactor = {n}); VACUUM FULL weedgo_data.stock")
         for n in (100, 90, 70, 50, 30)], pictured=("rate", "cpu_us", "hot_share"))


def all_scenarios():
    yield from one_client()
    yield from lines_and_clients()
    for n in (8, 32, 64):
        yield from hot(n)
    yield from locks()
    yield from settings()
    yield from growth()
