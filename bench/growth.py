"""What grows with the orders of a shop, and what that would come to in a larger one."""
import math
from statistics import median

LARGE = 100_000_000


def levels_of(leaves, fan_out):
    """Of pages above the leaves: each has a place for so many below it."""
    return math.ceil(math.log(max(1, leaves), fan_out)) if leaves > 1 else 0


def print_storage(server, contenders):
    """How large stock has become, without any VACUUM."""
    for contender in contenders:
        size, begun, dead = server.ask(
            "SELECT pg_relation_size('weedgo_data.stock'), bench.first_size(), n_dead_tup FROM pg_stat_user_tables"
            " WHERE relid = 'weedgo_data.stock'::regclass", contender.database(server)).split("|")
        print(f"  {contender.name}: stock began with {int(begun) / 1e6:.2f} MB and has {int(size) / 1e6:.2f} now, {dead} dead rows")


def print_growth(server, few, many, figures):
    """The indexes of a shop with few orders and of one with many, then both, extrapolated to LARGE."""
    small, large = server.indexes(server.shop(few)), server.indexes(server.shop(many))
    print(f"\n  {'index':24}{f'MB at {few:,}':>18}{'levels':>8}{f'MB at {many:,}':>18}{'levels':>8}"
          f"{f'extrapolated to {LARGE:,}: MB':>40}{'levels':>8}")
    for name, (size, levels, _, _) in small.items():
        large_size, large_levels, inner, leaves = large[name]
        if large_size < 2 * size:
            continue  # it is not of all orders: of pending ones, or of those with a key
        times = LARGE / many
        fan_out = leaves / inner if inner > 1 else 100
        print(f"  {name:24}{size / 1e6:18.1f}{levels:8}{large_size / 1e6:18.1f}{large_levels:8}"
              f"{large_size * times / 1e6:40.0f}{max(large_levels, levels_of(leaves * times, fan_out)):8}")
    cpu = [median(run.cpu_us for run in figures[f"{size:,} orders"]) for size in (few, many)]
    growth = (cpu[1] - cpu[0]) / math.log10(many / few)  # in each step of ten times as many
    print(f"  CPU a checkout: {cpu[0]:.0f} us at {few:,}, {cpu[1]:.0f} us at {many:,}, so {growth:+.0f} us where there are ten times as many.")
    print(f"  Extrapolated to {LARGE:,}, not measured: {cpu[1] + max(0, growth) * math.log10(LARGE / many):.0f} us, where memory still holds what"
          " is used of the indexes; where it does not, each level more is a page to be read.")
