"""A bar chart of a scenario's figures, as SVG."""
from html import escape
from statistics import median
from textwrap import wrap

BAR, GAP, LEFT, WIDTH = 18, 6, 190, 420
TITLES = {"rate": "checkouts/s", "cpu_us": "CPU us a checkout", "p50_ms": "median latency, ms", "p99_ms": "p99 of latency, ms",
          "hot_share": "HOT share of the updates of stock"}


def colour_of(contender):
    peers = ("plpgsql", "floor", "original")
    return "#b8b8b8" if contender.startswith(peers) else "#2a6f4f"


def write_chart(path, scenario, figures):
    path.parent.mkdir(parents=True, exist_ok=True)
    parts, y = [], 0
    for line in wrap(f"{scenario.name}: {scenario.what}", 92):
        y += 18
        parts.append(f'<text x="4" y="{y - 2}" font-size="14">{escape(line)}</text>')
    y += 8
    for column in scenario.pictured:
        values = {name: [getattr(run, column) for run in runs] for name, runs in figures.items()}
        most = max(max(runs) for runs in values.values()) or 1
        parts.append(f'<text x="4" y="{y + 16}" font-weight="bold">{escape(TITLES[column])}</text>')
        y += 28
        for name, runs in values.items():
            scale = WIDTH / most
            low, mid, high = min(runs) * scale, median(runs) * scale, max(runs) * scale
            parts.append(
                f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>'
                f'<rect x="{LEFT}" y="{y}" width="{mid:.1f}" height="{BAR}" fill="{colour_of(name)}"/>'
                f'<line x1="{LEFT + low:.1f}" x2="{LEFT + high:.1f}" y1="{y + BAR / 2}" y2="{y + BAR / 2}" stroke="#000"/>'
                f'<text x="{LEFT + max(high, mid) + 6:.1f}" y="{y + 13}">{median(runs):.4g}</text>')
            y += BAR + GAP
        y += 10
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 80}" height="{y}" font-family="sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n')
