"""The price of an order, with pencil and paper.

Decimal fractions only, written from the words of docs/reference.md (checkout_cart, "How the price
is made"): it shares no code and no table with src/ and sql/.
"""

import decimal
from decimal import ROUND_HALF_UP, Decimal

decimal.getcontext().prec = 80  # everything but the distance is exact
decimal.getcontext().traps[decimal.FloatOperation] = True

CENT = Decimal("0.01")

# Percent of each tax, from a day until before another.
TAXES = [
    # where                                    tax    percent  from          until
    (["AB", "BC", "MB", "NT", "NU", "QC", "SK", "YT"], "GST", "5", "2008-01-01", "9999"),
    (["ON"],                                    "HST", "13",    "2010-07-01", "9999"),
    (["NB", "NL"],                              "HST", "15",    "2016-07-01", "9999"),
    (["PE"],                                    "HST", "15",    "2016-10-01", "9999"),
    (["NS"],                                    "HST", "15",    "2010-07-01", "2025-04-01"),
    (["NS"],                                    "HST", "14",    "2025-04-01", "9999"),
    (["QC"],                                    "QST", "9.975", "2013-01-01", "9999"),
    (["BC"],                                    "PST", "7",     "2013-04-01", "9999"),
    (["SK"],                                    "PST", "6",     "2017-03-23", "9999"),
    (["MB"],                                    "RST", "7",     "2019-07-01", "9999"),
]
EXEMPT = [("MB", "RST", "cannabis")]

EARTH_RADIUS_M = Decimal("6371008.8")
PI = Decimal("3.14159265358979323846264338327950288419716939937511")


def cents(amount):
    return amount.quantize(CENT, ROUND_HALF_UP)


def five_cents(amount):
    return cents((amount * 20).quantize(Decimal(1), ROUND_HALF_UP) / 20)


def plain(number):
    """A number as one writes it: 3.998, 13, 0.05."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def shares(amount, weights):
    """Shares of an amount in proportion to the weights, in whole cents. Everybody gets what is full
    cents; those who lose most by that get one more, the first of equals first, until none is left."""
    whole = sum(weights)
    if whole == 0:
        return [Decimal("0.00") for _ in weights]
    full, lost = [], []
    for weight in weights:
        count, rest = divmod(amount / CENT * weight, whole)
        full.append(count * CENT)
        lost.append(rest)
    left = int((amount - sum(full)) / CENT)
    for at in sorted(range(len(weights)), key=lambda at: (-lost[at], at))[:left]:
        full[at] += CENT
    return [cents(share) for share in full]


# --- distance: haversine, with the sine as its series ---------------------------------------------


def sine(x):
    term = total = x
    n = 1
    while abs(term) > Decimal("1e-40"):
        term *= -x * x / ((n + 1) * (n + 2))
        total += term
        n += 2
    return total


def cosine(x):
    return sine(PI / 2 - x)


def arcsine(x):
    angle = x
    for _ in range(8):  # Newton: the number of right digits doubles
        angle -= (sine(angle) - x) / cosine(angle)
    return angle


def distance_m(store, address):
    """Whole metres along the great circle between two (latitude, longitude) in degrees."""
    (lat1, lon1), (lat2, lon2) = ([Decimal(d) * PI / 180 for d in place] for place in (store, address))
    h = sine((lat2 - lat1) / 2) ** 2 + cosine(lat1) * cosine(lat2) * sine((lon2 - lon1) / 2) ** 2
    exact = 2 * EARTH_RADIUS_M * arcsine(h.sqrt())
    assert abs(exact % 1 - Decimal("0.5")) > Decimal("0.000001"), "too near to half a metre to be sure"
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


# --- the order ------------------------------------------------------------------------------------


def price_of(item, day):
    sale = item.get("sale")
    on_sale = sale and (sale.get("from") or "") <= day < (sale.get("until") or "9999")
    return Decimal(sale["price"] if on_sale else item["price"])


def taxes_of(order):
    """Of the day: [(tax, percent by class)]."""
    classes = ("cannabis", "accessory", "delivery")
    return [
        (name, {c: Decimal(0) if (order["province"], name, c) in EXEMPT else Decimal(percent) for c in classes})
        for where, name, percent, first, until in TAXES
        if order["province"] in where and first <= order["day"] < until
    ]


def receipt(order):
    """What the order costs, and how that came about."""
    how = []
    lines = [
        {"sku": item["sku"], "class": item["class"], "quantity": item["quantity"], "unit_price": price_of(item, order["day"])}
        for item in sorted(order["items"], key=lambda item: item["sku"].encode())
    ]
    for line in lines:
        line["line_total"] = line["unit_price"] * line["quantity"]
    subtotal = sum(line["line_total"] for line in lines)

    promo, discount = order["promo"], Decimal("0.00")
    if promo:
        discount = value = Decimal(promo["value"])
        if promo["type"] == "percentage":
            discount = subtotal * value / 100
            how.append(f"{plain(value)} % of {subtotal} = {plain(discount)}")
        if promo["at_most"] is not None and cents(discount) > Decimal(promo["at_most"]):
            discount = Decimal(promo["at_most"])
            how.append(f"at most {discount}")
        discount = min(cents(discount), subtotal)
    if order.get("by_hand"):
        assert not promo, "one or the other"
        discount = cents(Decimal(order["by_hand"]))
        assert Decimal(0) < discount <= subtotal
        how.append(f"{discount} off by hand")
    for line, share in zip(lines, shares(discount, [line["line_total"] for line in lines])):
        line["discount"] = share
        line["taxable"] = line["line_total"] - (0 if promo and promo["reimbursable"] else share)

    fee, metres, delivery = Decimal("0.00"), None, order["delivery"]
    if delivery:
        if delivery["store"] and delivery["address"]:
            metres = distance_m(delivery["store"], delivery["address"])
        if delivery["free_from"] is None or subtotal < Decimal(delivery["free_from"]):
            way = Decimal(delivery["per_km"]) * (metres or 0) / 1000
            fee = Decimal(delivery["base_fee"]) + cents(way)
            if metres:
                how.append(f"fee {delivery['base_fee']} + {metres} m x {delivery['per_km']} / km = {plain(way)}")

    # What is taxed, as (class, amount): the lines, and the fee where it is.
    taxed = [(line["class"], line["taxable"]) for line in lines]
    if delivery and delivery["taxed"] and fee > 0:
        taxed.append(("delivery", fee))
    taxes, line_taxes = {}, [Decimal("0.00") for _ in taxed]
    for name, percent in taxes_of(order):
        exact = [amount * percent[c] / 100 for c, amount in taxed]
        taxes[name] = cents(sum(exact))
        line_taxes = [sum(pair) for pair in zip(line_taxes, shares(taxes[name], exact))]
        bases = {}
        for c, amount in taxed:
            bases[percent[c]] = bases.get(percent[c], 0) + amount
        how.append(f"{name} " + " + ".join(f"{plain(p)} % of {b}" for p, b in bases.items()) + f" = {plain(sum(exact))}")
    for line, tax in zip(lines, line_taxes):
        line["tax"] = tax
        del line["class"]
    tax = sum(taxes.values())

    tip = cents(Decimal(order["tip"]))
    total = subtotal - discount + tax + fee + tip
    return {
        "how": "; ".join(how),
        "lines": lines,
        "taxes": taxes,
        "delivery_tax": sum(line_taxes[len(lines) :], Decimal("0.00")),
        "distance_m": metres,
        "subtotal": subtotal,
        "discount": discount,
        "tax": tax,
        "delivery_fee": fee,
        "tip": tip,
        "total": total,
        "amount_due": five_cents(total) if order["pays"] == "cash" else total,
    }
