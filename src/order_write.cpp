// Writing a new order.
#include "order.hpp"

#include "errors.hpp"
#include "order_json.hpp"
#include "order_seal.hpp"

namespace weedgo {

static_assert(Trivial<NewOrder> && Trivial<ExistingOrder>);

namespace {

constexpr int max_draws = 3; // of order numbers; 53 random bits a millisecond do not collide twice

#define ORDER_COLUMNS                                                                              \
    "store_id, order_id, order_number, cart_id, customer_id, tenant_id, status, payment_status,"   \
    " payment_type, payment_method_id, delivery_type, delivery_address, pickup_time,"              \
    " special_instructions, order_source, actor_id, subtotal, discount, tax, delivery_fee,"        \
    " delivery_tax, tip, total, amount_due, currency, promo_code, distance_m, taxes, pricing,"     \
    " idempotency_scope, idempotency_key, request_fingerprint, priced_at, created_at, metadata,"   \
    " counted_on"

constinit Statement insert_order_statement{
    "INSERT INTO weedgo_data.orders (" ORDER_COLUMNS ") "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,"
    " $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36) "
    "ON CONFLICT DO NOTHING"};

// The first event, which seals the order and its lines ($37). Nothing is read for it: reading back
// what was inserted would make checkouts conflict under SERIALIZABLE.
// clang-format off
constinit Statement insert_event_statement{
    "INSERT INTO weedgo_data.order_events (store_id, order_id, seq, event, to_status, actor_id,"
    " details, recorded_at, recorded_xid, hash) "
    "SELECT e.store_id, e.order_id, e.seq, e.event, e.to_status, e.actor_id, e.details,"
    "       e.recorded_at, e.recorded_xid,"
    "       " SEAL_OF_EVENT(SEAL_OF_ORDER("$37"))
    "  FROM (VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
    "                $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32,"
    "                $33, $34, $35, $36)) AS o (" ORDER_COLUMNS "),"
    "       (SELECT $1 AS store_id, $2 AS order_id, 1 AS seq, 'created' AS event,"
    "               NULL::text AS from_status, $7 AS to_status, $16 AS actor_id,"
    "               NULL::text AS reason, $38 AS details, $34 AS recorded_at,"
    "               pg_current_xact_id() AS recorded_xid) e"};
// clang-format on

// Whoever answers with an order that was made before locks it: a transaction that has only read
// would commit without waiting for the standby that the order may not have reached.
constinit Statement find_by_key_statement{
    "SELECT order_id, request_fingerprint, true FROM weedgo_data.orders"
    " WHERE store_id = $1 AND idempotency_scope = $2 AND idempotency_key = $3 FOR KEY SHARE"};

constinit Statement find_by_cart_statement{
    "SELECT order_id, request_fingerprint, customer_id IS NOT DISTINCT FROM $3"
    "  FROM weedgo_data.orders WHERE store_id = $1 AND cart_id = $2"};

constinit Statement insert_items_statement{
    "INSERT INTO weedgo_data.order_items (store_id, order_id, line_no, sku, name, quantity,"
    " unit_price, line_total, discount, taxable, tax, tax_class, equivalent_mg) "
    "SELECT $1, $2, i.* FROM unnest($3::int4[], $4::text[], $5::text[], $6::int4[],"
    " $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[], $11::numeric[], $12::text[],"
    " $13::int8[]) AS i"};

void draw_identifiers(const Quote &quote, NewOrder *order) {
    struct Random {
        std::array<std::uint8_t, 8> for_id;
        std::uint64_t for_number;
    } random;
    if (!pg_strong_random(&random, sizeof random))
        elog(ERROR, "could not generate random bits");

    order->order_id = make_id(order->created_at, random.for_id);
    order->order_number =
        make_order_number(quote.local.day, quote.local.ms_of_day, random.for_number);
}

// In the order of ORDER_COLUMNS.
OrderValues values_of(const CheckoutRequest &request, const Cart &cart, const Quote &quote,
                      const NewOrder &order) {
    const Store &store = store_of(cart);
    const Totals &totals = quote.totals;
    return {Param::uuid(request.store_id),
            Param::uuid(order.order_id),
            Param::text(std::string_view(order.order_number.data(), order_number_length)),
            Param::uuid(request.cart_id),
            Param::uuid(request.customer_id),
            Param::uuid(store.tenant_id),
            Param::text(order.status),
            Param::text(order.payment_status),
            Param::text(quote.payment_type),
            Param::text(request.payment_method_id),
            Param::text(name_of(request.delivery_type)),
            Param::jsonb(request.delivery_address),
            Param::text(request.pickup_time),
            Param::text(request.special_instructions),
            Param::text(request.order_source),
            Param::uuid(request.actor_id),
            Param::money(totals.subtotal),
            Param::money(totals.discount),
            Param::money(totals.tax),
            Param::money(totals.delivery_fee),
            Param::money(totals.delivery_tax),
            Param::money(totals.tip),
            Param::money(totals.total),
            Param::money(totals.amount_due),
            Param::text(store.currency),
            Param::text(quote.promo_code),
            Param::integer(quote.distance_m),
            Param::jsonb(order.taxes),
            Param::jsonb(pricing_json(quote).to_jsonb()),
            Param::uuid(request.idempotency_scope),
            Param::text(request.idempotency_key),
            order.fingerprint ? Param{BYTEAOID, *order.fingerprint} : Param::null(BYTEAOID),
            Param::timestamp(quote.priced_at),
            Param::timestamp(order.created_at),
            Param::jsonb(request.metadata),
            Param::date(quote.counted_on)};
}

std::optional<ExistingOrder> existing(const Rows &rows, bool same_key) {
    if (rows.count == 0)
        return std::nullopt;
    Row row(rows, 0);
    ExistingOrder found;
    found.order_id = row.uuid();
    found.fingerprint = row.value(BYTEAOID);
    found.is_theirs = row.boolean();
    found.same_key = same_key;
    return found;
}

// What whoever made the order has decided: details of its first event.
JsonWriter decided_by_hand(const CheckoutRequest &request) {
    JsonWriter json;
    json.begin_object();
    if (request.age_checked)
        json.key("age_checked").boolean(true);
    if (request.discount) {
        json.key("discount_by_hand").begin_object().key("amount").money(*request.discount);
        json.key("reason").string(request.discount_reason).end_object();
    }
    json.end_object();
    return json;
}

template <Cents Line::*amount>
Param amounts_of(std::span<const Line> lines) {
    return array_of(NUMERICOID, lines,
                    [](const Line &line, std::size_t) { return from_cents(line.*amount); });
}

} // namespace

std::optional<ExistingOrder> find_by_key(const CheckoutRequest &request) {
    if (!request.idempotency_key)
        return std::nullopt;
    return existing(execute(find_by_key_statement,
                            {Param::uuid(request.store_id), Param::uuid(request.idempotency_scope),
                             Param::text(*request.idempotency_key)}),
                    true);
}

std::optional<ExistingOrder> insert_order(const CheckoutRequest &request, const Cart &cart,
                                          const Quote &quote, NewOrder *order) {
    order->taxes = taxes_json(quote).to_jsonb();
    for (int draw = 0; draw < max_draws; draw++) {
        draw_identifiers(quote, order);
        order->values = values_of(request, cart, quote, *order);
        if (execute(insert_order_statement, order->values).count == 1)
            return std::nullopt;

        if (const std::optional<ExistingOrder> found = find_by_key(request))
            return found;
        const std::optional<ExistingOrder> of_cart =
            existing(execute(find_by_cart_statement,
                             {Param::uuid(request.store_id), Param::uuid(request.cart_id),
                              Param::uuid(request.customer_id)}),
                     false);
        if (of_cart)
            return of_cart;
    }
    elog(ERROR, "could not find a free order number");
}

void insert_order_items(const pg_uuid_t &store_id, const pg_uuid_t &order_id,
                        std::span<const Line> lines) {
    const Param numbers = array_of(INT4OID, lines, [](const Line &, std::size_t i) {
        return Int32GetDatum(static_cast<std::int32_t>(i + 1));
    });
    const Param quantities = column_of(INT4OID, lines, &Line::quantity);
    const Param equivalents = array_of(INT8OID, lines, [](const Line &line, std::size_t) {
        return Int64GetDatum(line.equivalent_mg);
    });
    execute(insert_items_statement,
            {Param::uuid(store_id), Param::uuid(order_id), numbers,
             column_of(TEXTOID, lines, &Line::sku), column_of(TEXTOID, lines, &Line::name),
             quantities, amounts_of<&Line::unit_price>(lines), amounts_of<&Line::line_total>(lines),
             amounts_of<&Line::discount>(lines), amounts_of<&Line::taxable>(lines),
             amounts_of<&Line::tax>(lines), column_of(TEXTOID, lines, &Line::tax_class),
             equivalents});
}

void insert_created_event(const CheckoutRequest &request, const NewOrder &order, Datum lines) {
    std::optional<Datum> details;
    if (request.age_checked || request.discount)
        details = decided_by_hand(request).to_jsonb();
    std::array<Param, order_column_count + 2> values{};
    std::copy(order.values.begin(), order.values.end(), values.begin());
    values[order_column_count] = Param::jsonb(lines);
    values[order_column_count + 1] = Param::jsonb(details);
    execute(insert_event_statement, values);
}

} // namespace weedgo
