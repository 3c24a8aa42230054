"""Runs pgbench against one server and says what that cost it."""
import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass
class Figures:
    """What a run did. A figure per checkout is the run's divided by its checkouts."""
    checkouts: int
    rate: float  # checkouts a second
    cpu_us: float  # utime + stime of the backends
    wal_bytes: float
    hot_share: float  # of the updates of stock
    p50_ms: float
    p95_ms: float
    p99_ms: float


class Server:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.base = 0  # of the next round's carts
        self.relay = None
        self.postmaster = int((self.directory / "data/postmaster.pid").read_text().split()[0])

    def ask(self, sql):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql], check=True, text=True,
                              stdout=subprocess.PIPE)
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

    def ended_backends_cpu_s(self):
        """CPU of all backends that have ended: the postmaster waits for each, so it is in its cutime, cstime."""
        fields = Path(f"/proc/{self.postmaster}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) * TICK_S

    def counters(self):
        wal, updates, hot = self.ask(
            "SELECT pg_current_wal_insert_lsn() - '0/0', n_tup_upd, n_tup_hot_upd"
            " FROM pg_stat_user_tables WHERE relid = 'weedgo_data.stock'::regclass").split("|")
        return int(wal), int(updates), int(hot)

    def run(self, script, clients=1, carts=1000, lines=3, hot=False, relay=False, environment=None):
        """Fills carts, lets each client buy its own, and returns the figures."""
        self.base += 1_000_000_000
        self.ask(f"CALL bench.fill({self.base}, {clients}, {carts}, {lines}, {str(hot).lower()})")
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "script"
            path.write_text(script)
            time.sleep(0.05)
            before, cpu_before = self.counters(), self.ended_backends_cpu_s()
            command = ["pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2)),
                       "-t", str(carts), "-D", f"base={self.base}", "-D", "n=0", "-f", str(path), "-l",
                       "--log-prefix", f"{scratch}/log"]
            command += ["-h", "127.0.0.1", "-p", self.relay_port()] if relay else []
            done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env={**os.environ, **(environment or {})})
            if done.returncode or f"processed: {clients * carts}/" not in done.stdout:
                raise SystemExit(f"pgbench failed:\n{done.stdout}{done.stderr}")
            latencies = sorted(int(line.split()[2]) for log in Path(scratch).glob("log*")
                               for line in log.read_text().splitlines())
        time.sleep(0.05)  # until the last backend is waited for
        cpu_s = self.ended_backends_cpu_s() - cpu_before
        after = self.counters()
        count = clients * carts
        changed = [b - a for a, b in zip(before, after)]
        at = lambda share: latencies[min(count - 1, int(count * share))] / 1000
        return Figures(count, float(re.search(r"tps = ([\d.]+)", done.stdout)[1]), cpu_s * 1e6 / count,
                       changed[0] / count, changed[2] / changed[1] if changed[1] else 1.0,
                       at(.5), at(.95), at(.99))
