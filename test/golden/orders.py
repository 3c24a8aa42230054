#!/usr/bin/env python3
"""Prints the golden orders, each with its receipt as pencil.py makes it:

    python3 test/golden/orders.py >test/golden/orders.json

The first are chosen one by one, each for something that is easy to get wrong; then every province
and territory gets the same number of ordinary carts, drawn by a generator of our own, so that every
Python draws the same; last come sales over the counter, some with a discount by hand.
test/pgtap/golden.sql buys them all.
"""

import json
import sys
from decimal import Decimal

sys.dont_write_bytecode = True
from pencil import receipt  # noqa: E402

WINTER, SPRING = "2025-03-31", "2025-04-01"  # the last day of Nova Scotia's 15 %, the first of its 14 %
TODAY = "2026-02-15"

CAPITALS = {
    "AB": ("53.5461", "-113.4937"), "BC": ("48.4284", "-123.3656"), "MB": ("49.8954", "-97.1385"),
    "NB": ("45.9636", "-66.6431"), "NL": ("47.5615", "-52.7126"), "NS": ("44.6488", "-63.5752"),
    "NT": ("62.4540", "-114.3718"), "NU": ("63.7467", "-68.5170"), "ON": ("43.6532", "-79.3832"),
    "PE": ("46.2382", "-63.1311"), "QC": ("46.8139", "-71.2080"), "SK": ("50.4452", "-104.6189"),
    "YT": ("60.7212", "-135.0568"),
}  # fmt: skip

SHELF = {
    "BLUE-DREAM": ("cannabis", "19.99"), "BRICK": ("cannabis", "129.95"), "GUMMY": ("cannabis", "4.33"),
    "HASH": ("cannabis", "37.41"), "KUSH": ("cannabis", "28.67"), "OIL": ("cannabis", "52.10"),
    "ROLLS": ("cannabis", "14.50"), "TEA": ("cannabis", "6.05"), "bong": ("accessory", "64.89"),
    "GRINDER": ("accessory", "24.99"), "MATCHES": ("accessory", "0.05"), "PAPERS": ("accessory", "2.49"),
    "PIPE": ("accessory", "17.77"), "TRAY": ("accessory", "11.11"),
}  # fmt: skip

orders = []


def item(sku, quantity=1, price=None, tax_class=None, sale=None):
    shelf_class, shelf_price = SHELF.get(sku, ("cannabis", None))
    made = {"sku": sku, "class": tax_class or shelf_class, "quantity": quantity, "price": price or shelf_price}
    return {**made, "sale": sale} if sale else made


def sale(price, first=None, until=None):
    return {"price": price, "from": first, "until": until}


def percent(value, at_most=None, reimbursable=False):
    return {"type": "percentage", "value": value, "at_most": at_most, "reimbursable": reimbursable}


def fixed(value, at_most=None, reimbursable=False):
    return {"type": "fixed", "value": value, "at_most": at_most, "reimbursable": reimbursable}


def delivery(store=None, address=None, taxed=False, base_fee="5.00", per_km="0.50", free_from="100.00"):
    return {"base_fee": base_fee, "per_km": per_km, "free_from": free_from, "taxed": taxed, "store": store, "address": address}


def order(about, province, items, promo=None, delivered=None, pays="card", tip="0", day=TODAY):
    orders.append({
        "case": len(orders) + 1, "about": about, "province": province, "day": day, "items": items,
        "promo": promo, "delivery": delivered, "pays": pays, "tip": tip,
    })  # fmt: skip


def sell(about, province, items, by_hand=None, pays="cash", tip="0", promo=None):
    order(about, province, items, promo, None, pays, tip)
    orders[-1]["by_hand"] = by_hand


# --- chosen ---------------------------------------------------------------------------------------


def north(metres):
    """Toronto, and an address so many metres north of it: a degree of a meridian is 111,195.08 m."""
    latitude, longitude = CAPITALS["ON"]
    moved = Decimal(latitude) + metres / Decimal("111195.08")
    return (latitude, longitude), (f"{moved:.6f}", longitude)


def choose():
    both = [item("BLUE-DREAM", 2), item("GRINDER")]

    order("two flowers delivered, distance unknown: 50.18", "ON", [item("BLUE-DREAM", 2)], delivered=delivery())
    order("the same with ten percent off: 45.66", "ON", [item("BLUE-DREAM", 2)], percent("10.00"), delivery())
    for province in CAPITALS:
        order(f"{province}: cannabis and an accessory", province, both)
    for day in ("2024-07-01", WINTER, SPRING, "2025-12-31"):
        order(f"Nova Scotia on {day}", "NS", both, day=day)
        order(f"Nova Scotia on {day}, delivery taxed", "NS", both, percent("12.50"), delivery(taxed=True), "cash", "3.00", day)
    order("Ontario is the same on the day before", "ON", both, day=WINTER)
    order("Manitoba: cannabis only has no RST", "MB", [item("HASH", 3)])
    order("Manitoba: accessories only have it", "MB", [item("PIPE", 3)])
    order("Manitoba: the delivery of cannabis has it", "MB", [item("HASH")], delivered=delivery(taxed=True))
    order("Manitoba: a discount over exempt and taxed lines", "MB", [item("HASH"), item("PIPE"), item("TRAY")], percent("15.00"))

    # Half a cent goes up, less does not.
    order("half a cent of tax", "AB", [item("MATCHES", 2)])
    order("a quarter of a cent of tax", "AB", [item("MATCHES")])
    order("half a cent of two taxes, each goes up", "BC", [item("HALF", 1, "0.50"), item("OTHER", 1, "6.00")])
    order("half a cent of HST over two classes, rounded once", "ON", [item("HALF", 1, "0.25"), item("TRAY", 1, "0.25")])
    order("each line alone would round up, the invoice does not", "AB", [item("A", 1, "0.11"), item("B", 1, "0.11"), item("C", 1, "0.11")])
    order("each line alone would round down, the invoice does not", "AB", [item("A", 1, "0.09"), item("B", 1, "0.09"), item("C", 1, "0.09")])
    order("two taxes rounded apart, not their sum", "QC", [item("APART", 1, "2.30")])
    order("QST is not taken of GST", "QC", [item("BRICK", 3)])
    order("half a cent of discount", "ON", [item("ODD", 1, "4.30")], percent("15.00"))
    order("just under half a cent of discount", "ON", [item("ODD", 1, "4.29")], percent("15.00"))
    order("12.34 % off", "SK", [item("KUSH"), item("OIL", 2)], percent("12.34"))
    order("0.01 % off a cheap cart is nothing", "NL", [item("TEA")], percent("0.01"))
    order("0.01 % off 50.00 is half a cent", "NL", [item("FIFTY", 1, "50.00")], percent("0.01"))
    order("a tip of 2.345", "PE", [item("TEA")], tip="2.345")
    order("a tip of 2.3449", "PE", [item("TEA")], tip="2.3449")
    order("a tip is not taxed", "NS", [item("TEA")], tip="100.00")

    # Ties, and cents that are left over.
    for n in (2, 3, 4, 7, 13):
        order(f"an odd cent and more over {n} equal lines", "ON", [item(f"EQUAL-{i:02}", 1, "0.33") for i in range(n)], fixed("0.05"))
    order("equal lines filled in backwards: by sku all the same", "ON", [item(s, 1, "0.33") for s in ("Z", "a", "A", "M")], fixed("0.06"))
    order("capitals come before small letters", "BC", [item("bong", 1, "9.99"), item("TRAY", 1, "9.99")], fixed("0.01"))
    order("a tie of three, two cents left", "QC", [item(s, 1, "1.00") for s in "ABC"], fixed("0.02"))
    order("a tie only of the tax", "AB", [item("A", 1, "0.30"), item("B", 1, "0.30"), item("C", 1, "0.30"), item("D", 1, "0.30")], tip="1")
    order("the greater line loses the cent to the smaller", "ON", [item("A", 1, "66.67"), item("B", 1, "33.33")], fixed("0.50"))
    order("a line of one cent gets nothing off", "ON", [item("A", 1, "0.01"), item("B", 1, "99.00")], fixed("20.00"))
    order("a line of one cent is all the rest", "ON", [item("A", 1, "0.01"), item("B", 1, "0.01")], fixed("0.01"))
    order("line and delivery tie for the odd cent of tax: the line has it", "ON", [item("A", 1, "5.50")], delivered=delivery(taxed=True, base_fee="5.50"))
    order("exempt lines get no cent of the tax", "MB", [item("A", 1, "9.99"), item("B", 1, "0.08", "accessory"), item("C", 1, "9.99"), item("D", 1, "0.08", "accessory")])
    order("a gift beside something", "NB", [item("GIFT", 1, "0.00"), item("ROLLS")], fixed("1.00"))
    order("nothing but a gift", "NB", [item("GIFT", 3, "0.00")], percent("50.00"))
    order("forty-nine lines", "QC", [item(f"L{i:02}", 1 + i % 3, f"{i * 7 % 30}.{i * 37 % 100:02}", "accessory" if i % 4 == 0 else None) for i in range(49)], percent("7.50"))

    # Caps.
    order("half off, at most 3.00", "ON", [item("BLUE-DREAM", 2)], percent("50.00", "3.00"))
    order("the cap is not reached", "ON", [item("TEA")], percent("10.00", "3.00"))
    order("the cap to the cent", "ON", [item("TEN", 3, "10.00")], percent("10.00", "3.00"))
    order("a cent over the cap", "ON", [item("TEN", 3, "10.00"), item("DIME", 1, "0.10")], percent("10.00", "3.00"))
    order("a fixed amount with a cap", "AB", [item("TEN", 3, "10.00")], fixed("8.00", "7.50"))
    order("a cap of nothing", "AB", [item("TEN", 3, "10.00")], percent("10.00", "0.00"))
    order("more off than the cart costs", "QC", [item("GUMMY")], fixed("5.00"))
    order("more off than the cart costs, delivered and tipped", "QC", [item("GUMMY")], fixed("5.00"), delivery(taxed=True), "cash", "1.01")
    order("everything off", "YT", both, percent("100.00"))

    # Who pays for the discount.
    for province in ("ON", "QC", "MB"):
        order("a manufacturer pays for the discount: taxed in full", province, both, percent("15.00", None, True))
        order("the store pays for it: taxed on the rest", province, both, percent("15.00"))
    order("a coupon over all of the cart is taxed all the same", "BC", [item("GUMMY"), item("PAPERS")], fixed("50.00", None, True))
    order("a capped coupon", "SK", both, percent("40.00", "9.99", True))

    # Cash.
    for n in range(10):
        order(f"in cash, ending in {n}", "AB", [item("TEN", 1, "10.00")], pays="cash", tip=f"0.{30 + n}")
    order("in cash, 0.02 is nothing to pay", "AB", [item("TINY", 2, "0.01")], pays="cash")
    order("in cash, 0.03 is five cents", "AB", [item("TINY", 3, "0.01")], pays="cash")
    order("without a method nothing is rounded", "AB", [item("TINY", 3, "0.01")], pays=None)

    # Delivery.
    for metres in (0, 1, 999, 1000, 1130, 5560, 24990):
        order(f"{metres} m from the store", "ON", [item("BLUE-DREAM", 2)], delivered=delivery(*north(metres)))
    order("1,129 m: not quite half a cent", "ON", [item("TEA")], delivered=delivery(*north(1129)))
    order("3 m at 0.35: a tenth of a cent", "ON", [item("TEA")], delivered=delivery(*north(3), per_km="0.35"))
    order("only the store is known", "ON", [item("TEA")], delivered=delivery(CAPITALS["ON"], None))
    order("only the address is known", "ON", [item("TEA")], delivered=delivery(None, CAPITALS["ON"]))
    order("to Kingston, along both axes", "ON", [item("TEA")], delivered=delivery(CAPITALS["ON"], ("44.2312", "-76.4860")))
    order("from Whitehorse to Yellowknife", "YT", [item("TEA")], delivered=delivery(CAPITALS["YT"], CAPITALS["NT"]))
    order("across the date line", "YT", [item("TEA")], delivered=delivery(("60.0000", "179.9900"), ("60.0000", "-179.9900")))
    for taxed in (False, True):
        fee = "the fee taxed" if taxed else "the fee untaxed"
        order(f"99.99, {fee}", "ON", [item("A", 3, "33.33")], delivered=delivery(taxed=taxed))
        order(f"100.00 is delivered free, {fee}", "ON", [item("A", 4, "25.00")], delivered=delivery(*north(5560), taxed))
        order(f"100.00 before discount is delivered free, {fee}", "ON", [item("A", 4, "25.00")], percent("10.00"), delivery(taxed=taxed))
    order("never free", "ON", [item("BRICK", 2)], delivered=delivery(*north(5560), free_from=None))
    order("always free", "ON", [item("TEA")], delivered=delivery(*north(5560), free_from="0.00"))
    order("no base fee", "ON", [item("TEA")], delivered=delivery(*north(5560), base_fee="0.00"))
    order("a discount does not make the delivery cheaper", "ON", [item("GUMMY")], fixed("20.00"), delivery(*north(5560), True))
    for province in ("QC", "BC", "MB", "NT"):
        order(f"{province}: delivery taxed", province, both, percent("10.00"), delivery(taxed=True))

    # Sales: from a day on, until before another.
    for about, window in {
        "is on": (WINTER, SPRING), "begins today": (TODAY, None), "begins tomorrow": ("2026-02-16", None),
        "ends today": (None, "2026-02-16"), "has ended yesterday": (None, TODAY), "has no end": ("2020-01-01", None),
        "has no window": (None, None),
    }.items():  # fmt: skip
        order(f"a sale that {about}", "ON", [item("KUSH", 2, sale=sale("20.00", *window)), item("TEA")], day=WINTER if about == "is on" else TODAY)
    order("dearer on sale", "SK", [item("KUSH", sale=sale("30.00")), item("PIPE", sale=sale("0.00"))])
    order("a sale price keeps the cart under free delivery", "ON", [item("A", 1, "100.00", sale=sale("99.99"))], delivered=delivery())


# --- drawn ----------------------------------------------------------------------------------------


class Dice:
    """Knuth's linear congruential generator (MMIX); the low bits are poor, so the high ones are used."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % n

    def one_of(self, things):
        return things[self.below(len(things))]


def draw_items(dice):
    skus = list(SHELF)
    items = []
    for _ in range(1 + dice.below(4)):
        sku = skus.pop(dice.below(len(skus)))
        reduced = sale(f"{dice.below(12)}.{dice.below(100):02}", TODAY, "2026-03-01") if dice.below(8) == 0 else None
        items.append(item(sku, 1 + dice.below(3), sale=reduced))
    return items


def draw_promo(dice):
    cents = f"{dice.below(15)}.{dice.below(100):02}"
    rate = f"{5 + dice.below(36)}.{dice.one_of(['00', '00', '50', '25'])}"
    return dice.one_of([
        None, None, percent(rate), percent(rate, cents), percent(rate, None, True), percent(rate, cents, True),
        fixed(cents), fixed(cents, None, True),
    ])  # fmt: skip


def draw_delivery(dice, province):
    if dice.below(3) == 0:
        return None
    store = CAPITALS[province]
    address = tuple(f"{degrees[:-3]}{dice.below(1000):03}" for degrees in store)  # up to 14 km away
    known = dice.below(3) > 0
    return delivery(
        store if known else None, address if known else None, dice.below(2) == 0,
        dice.one_of(["5.00", "3.99"]), dice.one_of(["0.50", "0.85", "1.15"]), dice.one_of(["100.00", "75.00", None]),
    )  # fmt: skip


def draw():
    dice = Dice(165)
    for _ in range(10):
        for province in CAPITALS:
            order(
                f"drawn: {province}", province, draw_items(dice), draw_promo(dice), draw_delivery(dice, province),
                dice.one_of(["card", "cash", None]), dice.one_of(["0", "0", "2.00", "1.23", "4.995"]),
            )  # fmt: skip


# --- over the counter -----------------------------------------------------------------------------


def counter():
    both = [item("BLUE-DREAM", 2), item("GRINDER")]
    for province in CAPITALS:
        sell(f"over the counter, {province}: 5.00 off, in cash", province, both, "5.00")
    for pays in ("cash", "card", "split"):
        sell(f"over the counter, paid by {pays}", "QC", both, None, pays)
        sell(f"over the counter, paid by {pays}: 7.77 off", "QC", both, "7.77", pays, "1.23")
        sell(f"over the counter, paid by {pays}: a promo code", "ON", both, None, pays, promo=percent("12.50"))
    sell("a cent off three equal lines", "ON", [item(s, 1, "1.00") for s in "ABC"], "0.01", "card")
    sell("half a cent off is a cent", "ON", both, "0.005", "card")
    sell("two cents over three equal lines", "SK", [item(s, 1, "0.33") for s in ("Z", "a", "M")], "0.02")
    sell("all of it off: nothing is due", "NS", both, "64.97")
    sell("all of it off but the tip", "NS", both, "64.97", "cash", "0.33")
    sell("all but a cent off", "BC", both, "64.96", "split", "5.00")
    sell("taxed on the rest, class by class", "MB", [item("HASH"), item("PIPE"), item("TRAY")], "10.01", "card")
    sell("two cents are nothing in cash", "AB", [item("TEA")], "6.03")
    dice = Dice(7)
    for province in CAPITALS:
        items = draw_items(dice)
        items = [thing for thing in items if "sale" not in thing] or both
        least = min(int(Decimal(thing["price"]) * 100) for thing in items)
        off = Decimal(1 + dice.below(least)) / 100
        sell(f"drawn, over the counter: {province}", province, items, str(off), dice.one_of(["cash", "card", "split"]),
             dice.one_of(["0", "1.23"]))  # fmt: skip


# --- written so that it can be read ---------------------------------------------------------------


def text(value):
    """JSON in one line; amounts are strings."""
    return json.dumps(value, default=str, ensure_ascii=False)


def members(thing, keys):
    return ", ".join(f"{text(key)}: {text(thing[key])}" for key in keys)


def block(things):
    return "[\n  " + ",\n  ".join(text(thing) for thing in things) + "]"


def written(case):
    due = receipt(case)
    return (
        "{" + members(case, ["case", "about", "province", "day"]) + ",\n"
        ' "items": ' + block(case["items"]) + ",\n"
        " " + members(case, ["promo"]) + ",\n"
        + (" " + members(case, ["by_hand"]) + ",\n" if "by_hand" in case else "") +
        " " + members(case, ["delivery"]) + ",\n"
        " " + members(case, ["pays", "tip"]) + ",\n"
        " " + members(due, ["how"]) + ",\n"
        ' "expected": {"lines": ' + block(due["lines"]) + ",\n"
        "  " + members(due, ["taxes", "delivery_tax", "distance_m"]) + ",\n"
        "  " + members(due, ["subtotal", "discount", "tax", "delivery_fee", "tip", "total", "amount_due"]) + "}}"
    )


choose()
draw()
counter()
print("[" + ",\n\n".join(written(case) for case in orders) + "]")
