"""Runs pgbench against one server and says what that cost it."""
import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from peers import held_script, script, storm

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
PATIENCE_S = 60  # for what takes no time


@dataclass
class Figures:
    """What a run did; of a checkout, where nothing else is said. None: it was not measured."""
    rate: float = None  # checkouts a second
    cpu_us: float = None  # utime + stime of the backends
    wal_bytes: float = None  # without images of pages
    image_bytes: float = None  # of pages that are changed for the first time since a checkpoint
    statements: float = None  # that the server executed: the client's and those inside them, without BEGIN and COMMIT
    slow_locks: float = None  # on relations, held at the end, that were not on the fast path
    hot_share: float = None  # of the updates of stock
    p50_ms: float = None
    p95_ms: float = None
    p99_ms: float = None


def at(share, values):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


@dataclass
class Transaction:
    client: int
    number: int
    took_us: int
    ended_s: float


def read_logs(directory):
    """pgbench's logs of all its threads, in the order in which the transactions ended."""
    done = []
    for log in Path(directory).glob("log*"):
        for line in log.read_text().splitlines():
            client, number, took_us, _, end_s, end_us, *_ = line.split()
            done.append(Transaction(int(client), int(number), int(took_us), int(end_s) + int(end_us) / 1e6))
    return sorted(done, key=lambda transaction: transaction.ended_s)


def steady_rate(done):
    """Of the middle three fifths: by then all clients have begun and none has ended."""
    first, last = done[len(done) // 5], done[len(done) * 4 // 5]
    return (len(done) * 4 // 5 - len(done) // 5) / (last.ended_s - first.ended_s)


class Server:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.base = 100_000_000_000  # of the next round's carts; all have twelve digits
        self.relay = None
        self.once = {}
        self.shops = set()
        self.postmaster = int((self.directory / "data/postmaster.pid").read_text().split()[0])
        self.its_own = self.children()

    def ask(self, sql, database=None):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql, database or os.environ["PGDATABASE"]],
                              check=True, text=True, stdout=subprocess.PIPE)
        return done.stdout.strip()

    def relay_port(self):
        """Of a relay that adds 1 ms each way; it runs until the measuring ends."""
        if not self.relay:
            here = Path(__file__).parent
            self.relay = subprocess.Popen([here / "relay", self.directory / ".s.PGSQL.5432", "1"],
                                          stdout=subprocess.PIPE, text=True)
            self.port = self.relay.stdout.readline().strip()
        return self.port

    def close(self):
        if self.relay:
            self.relay.terminate()

    # --- what the server has used ----------------------------------------------------------------

    def children(self):
        """The processes of the server, those too that have ended but have not been waited for."""
        found = set()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue  # it has ended
            if int(fields[1]) == self.postmaster:
                found.add(int(pid))
        return found

    def backends_cpu_s(self):
        """CPU of all backends there were: each is in the postmaster's cutime and cstime when it has been waited for."""
        start = time.time()
        while self.children() - self.its_own:
            if time.time() - start > PATIENCE_S:
                raise SystemExit("a backend does not end")
            time.sleep(0.01)
        fields = Path(f"/proc/{self.postmaster}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) * TICK_S

    def counters(self, database):
        wal, updates, hot = self.ask(
            "SELECT pg_current_wal_insert_lsn() - '0/0', n_tup_upd, n_tup_hot_upd"
            " FROM pg_stat_user_tables WHERE relid = 'weedgo_data.stock'::regclass", database).split("|")
        return int(wal), int(updates), int(hot)

    def image_bytes(self, start, end):
        """Of images of pages in the WAL between two positions."""
        self.ask("SELECT pg_logical_emit_message(true, 'bench', 'flushes what is before it')")
        as_lsn = lambda position: f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"
        stats = subprocess.run(["pg_waldump", "--stats", "-p", self.directory / "data/pg_wal", "-s", as_lsn(start), "-e", as_lsn(end)],
                               check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        total = next(line for line in stats.splitlines() if line.startswith("Total"))
        return int(re.findall(r"\d+(?= *\[)", total)[1])

    # --- runs ------------------------------------------------------------------------------------

    def fill(self, cart, clients, carts, database=None):
        self.base += 1_000_000_000
        sku = f"'{cart['sku']}'" if cart.get("sku") else "NULL"
        self.ask(f"CALL bench.fill({self.base}, {clients}, {carts}, {cart['lines']}, {sku})", database)
        return {**cart, **self.beginnings()}

    def beginnings(self):
        """Of order ids and order numbers that are given now: the time in milliseconds, and the store's date with the time of day
        in the 27 bits, of which five letters have 25, that the extension puts there."""
        now_ms, date, of_day_ms = self.ask(
            "SELECT (extract(epoch FROM now) * 1000)::bigint, to_char(there, 'YYYYMMDD'), (extract(epoch FROM there::time) * 1000)::bigint"
            " FROM now() now, LATERAL (SELECT now AT TIME ZONE 'America/Toronto' AS there) t").split("|")
        letters = "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[int(of_day_ms) >> 2 >> shift & 31] for shift in (20, 15, 10, 5, 0))
        return {"time": f"{int(now_ms):012x}", "day": f"{date}-{letters}"}

    def pgbench(self, text, scratch, *, clients=1, first=0, relay=False, database=None, settings="", more=()):
        """Starts it, with its log in a directory; :n begins after the carts that were bought before."""
        path = Path(scratch) / "script"
        path.write_text(text)
        command = ["pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2)), "-D", f"base={self.base}",
                   "-D", f"n={first}", "-f", path, "-l", "--log-prefix", f"{scratch}/log", *more]
        command += ["-h", "127.0.0.1", "-p", self.relay_port()] if relay else []
        environment = {**os.environ, **({"PGOPTIONS": settings} if settings else {})}
        return subprocess.Popen([*command, database or os.environ["PGDATABASE"]], text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, env=environment)

    def finish(self, pgbench, count):
        said = pgbench.communicate()[0]
        if pgbench.returncode or f"processed: {count}/" not in said:
            raise SystemExit(f"pgbench failed:\n{said[:2000]}")

    def buy(self, text, clients, carts, **how):
        """Lets each client buy so many carts; returns pgbench's log."""
        with tempfile.TemporaryDirectory() as scratch:
            self.finish(self.pgbench(text, scratch, clients=clients, more=["-t", str(carts)], **how), clients * carts)
            return read_logs(scratch)

    def run(self, peer, cart, *, clients=1, carts=1000, database=None, **how):
        """Lets each client buy carts of its own, and returns the figures.

        The first few carts of a client, in which its backend starts, fills its caches and plans, do not count. For CPU, as
        many are bought in a run before, which is subtracted."""
        warm_up = max(10, carts // 20)
        cart = self.fill(cart, clients, 2 * warm_up + carts, database)
        text = script(peer, **cart)
        start = self.backends_cpu_s()
        self.buy(text, clients, warm_up, database=database, **how)
        between = self.backends_cpu_s()
        before = self.counters(database)
        begun = self.backends_cpu_s()
        done = self.buy(text, clients, warm_up + carts, first=warm_up, database=database, **how)
        ended = self.backends_cpu_s()
        after = self.counters(database)
        wal, updates, hot = (b - a for a, b in zip(before, after))
        images = self.image_bytes(before[0], after[0])
        took_ms = [one.took_us / 1000 for one in done if one.number >= warm_up]
        return Figures(
            rate=steady_rate(done), cpu_us=(ended - begun - (between - start)) * 1e6 / (clients * carts),
            wal_bytes=(wal - images) / len(done), image_bytes=images / len(done), statements=self.statements(peer, cart),
            slow_locks=self.slow_locks(peer, cart), hot_share=hot / updates if updates else 1.0,
            p50_ms=at(.5, took_ms), p95_ms=at(.95, took_ms), p99_ms=at(.99, took_ms))

    def measured_once(self, what, peer, cart, measure):
        """What is the same in every round."""
        key = (what, peer, cart["lines"], cart.get("sku"), cart.get("promo"))
        if key not in self.once:
            self.once[key] = measure()
        return self.once[key]

    def statements(self, peer, cart, count=10):
        def measure():
            filled = self.fill(cart, 1, count)
            self.ask("SELECT pg_stat_statements_reset()")
            self.buy(script(peer, **filled), 1, count, settings="-c pg_stat_statements.track=all")
            # BEGIN and COMMIT, when prepared, are seen only once.
            return int(self.ask("SELECT sum(calls) FROM pg_stat_statements WHERE query NOT IN ('BEGIN', 'COMMIT')")) / count
        return self.measured_once("statements", peer, cart, measure)

    def slow_locks(self, peer, cart, after=8, tries=3):
        """Of one checkout after some others; the fewest of some tries: a plan that is made anew locks more."""
        return self.measured_once("slow_locks", peer, cart,
                                  lambda: min(self.held_locks(peer, cart, after) for _ in range(tries)))

    def held_locks(self, peer, cart, after):
        """Counts them while a checkout is held up at its end, which is then broken off."""
        filled = self.fill(cart, 1, after + 1)
        with tempfile.TemporaryDirectory() as scratch:
            pgbench = self.pgbench(held_script(peer, after, **filled), scratch, more=["-t", str(after + 1)])
            holder = "FROM pg_stat_activity WHERE application_name = 'pgbench' AND wait_event = 'PgSleep'"
            self.wait_until(f"SELECT count(*) = 1 {holder}")
            locks = self.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND NOT fastpath"
                             f" AND pid = (SELECT pid {holder})")
            self.ask(f"SELECT pg_cancel_backend(pid) {holder}")
            pgbench.communicate()
        return int(locks)

    def wait_until(self, sql):
        start = time.time()
        while self.ask(sql) != "t":
            if time.time() - start > PATIENCE_S:
                raise SystemExit(f"never true: {sql}")
            time.sleep(0.02)

    def run_beside_storm(self, cart, *, clients, carts, rate, storm_clients, storm_rate, is_on_one_cart):
        """The latency of carts bought at a steady pace, in figures, while other clients ask again and again for carts that are
        orders already: all for one, or each for its own."""
        self.fill(cart, storm_clients, 1)
        asked = f"\\set cart :base + {'0' if is_on_one_cart else ':client_id'} * 1000000 + 1\n" + storm()
        with tempfile.TemporaryDirectory() as of_storm, tempfile.TemporaryDirectory() as scratch:
            storming = self.pgbench(asked, of_storm, clients=storm_clients, more=["-R", str(storm_rate), "-T", "600"])
            self.wait_until(f"SELECT count(*) = {storm_clients} FROM pg_stat_activity WHERE application_name = 'pgbench'")
            time.sleep(2 * storm_clients / storm_rate)  # until most have asked, and so have their plans
            warm_up = max(10, carts // 20)
            filled = self.fill(cart, clients, warm_up + carts)
            buying = self.pgbench(script("weedgo", **filled), scratch, clients=clients,
                                  more=["-R", str(rate), "-t", str(warm_up + carts)])
            self.finish(buying, clients * (warm_up + carts))
            if storming.poll() is not None:
                raise SystemExit(f"the storm ended:\n{storming.communicate()[0][:2000]}")
            storming.terminate()
            storming.communicate()
            done = read_logs(scratch)
        took_ms = [one.took_us / 1000 for one in done if one.number >= warm_up]
        return Figures(rate=steady_rate(done), p50_ms=at(.5, took_ms), p95_ms=at(.95, took_ms), p99_ms=at(.99, took_ms))

    def time_locks(self, count):
        """Of the cart's lock, by the server's own clock (bench.time_locks)."""
        p50, p95, p99 = map(float, self.ask(f"CALL bench.time_locks({count})").strip("{}").split(","))
        return Figures(p50_ms=p50, p95_ms=p95, p99_ms=p99)

    # --- databases of several sizes --------------------------------------------------------------

    def made_of_empty_shop(self, database, make):
        """A database that is made, out of the empty shop, when it is asked for the first time."""
        if database not in self.shops:
            subprocess.run(["createdb", "-T", "empty_shop", database], check=True)
            make(database)
            self.shops.add(database)
        return database

    def shop(self, size):
        """The database with so many orders."""
        grow = ["psql", "-XAtq", "-v", f"size={size}", "-f", Path(__file__).parent / "grow.sql"]
        return self.made_of_empty_shop(f"shop_{size}", lambda database: subprocess.run([*grow, database], check=True))

    def altered_shop(self, name, sql):
        """The empty shop with something done to it; how large stock is then, is kept."""
        def alter(database):
            for statement in sql.split(";"):
                self.ask(statement, database)
            size = self.ask("SELECT pg_relation_size('weedgo_data.stock')", database)
            self.ask(f"CREATE FUNCTION bench.first_size() RETURNS bigint LANGUAGE sql RETURN {size}", database)
        return self.made_of_empty_shop("shop " + name, alter)

    def indexes(self, database):
        """name, bytes, levels, internal pages and leaf pages of each index that grows with orders."""
        rows = self.ask(
            "SELECT c.relname, s.index_size, s.tree_level, s.internal_pages, s.leaf_pages FROM pg_index i"
            " JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN LATERAL pgstatindex(c.oid::regclass) s"
            " WHERE c.relnamespace = 'weedgo_data'::regnamespace AND c.relname ~ '^(cart|order)' ORDER BY 1", database)
        return {name: list(map(int, figures)) for name, *figures in (row.split("|") for row in rows.splitlines())}
