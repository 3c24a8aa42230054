// put_cart, get_cart, lock_cart, cart_lock_key: carts before they are orders.
#include "cart.hpp"
#include "contract.hpp"
#include "errors.hpp"
#include "owner.hpp"
#include "pg.hpp"
#include "put_items.hpp"
#include "result.hpp"
#include "spi.hpp"

namespace weedgo {

namespace {

constinit Statement create_statement{
    "INSERT INTO weedgo_data.carts (store_id, cart_id, customer_id, promo_code, status)"
    " SELECT s.store_id, $2, $3, nullif($4, ''), 'active' FROM weedgo_data.stores s"
    "  WHERE s.store_id = $1 AND NOT EXISTS (SELECT FROM weedgo_data.orders o"
    "                                         WHERE o.store_id = $1 AND o.cart_id = $2) "
    "ON CONFLICT DO NOTHING"};

constinit Statement store_statement{"SELECT FROM weedgo_data.stores WHERE store_id = $1"};

constinit Statement update_statement{
    "UPDATE weedgo_data.carts"
    "   SET customer_id = coalesce($3, customer_id),"
    "       promo_code = CASE WHEN $4 IS NULL THEN promo_code ELSE nullif($4, '') END"
    " WHERE store_id = $1 AND cart_id = $2"};

constinit Statement delete_items_statement{
    "DELETE FROM weedgo_data.cart_items"
    " WHERE store_id = $1 AND cart_id = $2 AND sku <> ALL ($3::text[])"};

constinit Statement put_items_statement{
    "INSERT INTO weedgo_data.cart_items AS c (store_id, cart_id, sku, quantity)"
    " SELECT $1, $2, i.sku, i.quantity FROM unnest($3::text[], $4::int4[]) AS i (sku, quantity) "
    "ON CONFLICT (store_id, cart_id, sku) DO UPDATE SET quantity = excluded.quantity"
    " WHERE c.quantity <> excluded.quantity"};

// The columns of cart_contents.
constinit Statement contents_statement{
    "SELECT c.store_id::uuid, c.cart_id::uuid, c.customer_id::uuid, c.status::text,"
    "       c.promo_code::text, c.order_id::uuid,"
    "       (SELECT coalesce(jsonb_agg(jsonb_build_object('sku', i.sku, 'quantity', i.quantity)"
    "                                  ORDER BY i.sku COLLATE \"C\"), '[]')"
    "          FROM (SELECT sku::text, sum(quantity::int4) AS quantity"
    "                  FROM weedgo_data.cart_items"
    "                 WHERE store_id = $1 AND cart_id = $2 GROUP BY 1) i),"
    "       '{}'::jsonb"
    "  FROM weedgo_data.carts c WHERE c.store_id = $1 AND c.cart_id = $2"};

struct PutRequest {
    CartQuery query;
    std::span<const PutItem> items;
    std::optional<std::string_view> promo_code; // nothing: left as it is; empty: none
};

static_assert(Trivial<PutRequest>);

// Makes nothing where the store is unknown, where somebody else made the cart meanwhile, or where
// it is an order already and its row was cleaned away.
void create_cart(const PutRequest &request) {
    check_insertable("carts");
    const CartQuery &query = request.query;
    execute(create_statement, {Param::uuid(query.store_id), Param::uuid(query.cart_id),
                               Param::uuid(query.customer_id), Param::text(request.promo_code)});
}

// The cart's row, made where there is none.
Cart open_cart(const PutRequest &request) {
    std::optional<Cart> cart = read_cart(request.query, CartRow::lock);
    if (!cart) {
        create_cart(request);
        cart = read_cart(request.query, CartRow::lock);
        if (!cart && execute(store_statement, {Param::uuid(request.query.store_id)}).count == 0)
            raise_invalid_argument("store_id", "is unknown", "It must be in weedgo_data.stores.");
        if (!cart)
            raise(cart_not_active("converted", std::nullopt));
    }
    if (!may_use(*cart, request.query.customer_id))
        raise(cart_not_found(request.query.cart_id));
    if (!cart->is_active())
        raise(cart_not_active(cart->status, cart->order_id));
    if (request.query.customer_id && !cart->buyer)
        raise(customer_unknown(*request.query.customer_id));
    return *cart;
}

void put_items(const PutRequest &request) {
    const Param skus = column_of(TEXTOID, request.items, &PutItem::sku);
    const Param quantities = column_of(INT4OID, request.items, &PutItem::quantity);
    const Param store_id = Param::uuid(request.query.store_id);
    const Param cart_id = Param::uuid(request.query.cart_id);
    execute(delete_items_statement, {store_id, cart_id, skus});
    execute(put_items_statement, {store_id, cart_id, skus, quantities});
}

void put_cart(const PutRequest &request, WaitScope &wait) {
    const CartQuery &query = request.query;
    lock_cart(wait, query.store_id, query.cart_id, Wait::in_turn);
    check_insertable("cart_items");
    const Cart cart = open_cart(request);
    const bool claims = query.customer_id && !cart.customer_id;
    if (claims || request.promo_code)
        execute(update_statement,
                {Param::uuid(query.store_id), Param::uuid(query.cart_id),
                 Param::uuid(query.customer_id), Param::text(request.promo_code)});
    put_items(request);
}

void read_contents(const CartQuery &query, ResultRow *result) {
    const Rows rows =
        execute(contents_statement, {Param::uuid(query.store_id), Param::uuid(query.cart_id)});
    if (rows.count == 0)
        raise(cart_not_found(query.cart_id));
    Row row(rows, 0);
    result->row(row);
    row.skip(2);
    const std::optional<pg_uuid_t> owner = row.optional_uuid();
    if (owner && !same(owner, query.customer_id))
        raise(cart_not_found(query.cart_id));
}

CartQuery read_query(FunctionCallInfo fcinfo, int customer_argument) {
    CartQuery query{};
    query.store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    query.cart_id = required_uuid(argument(fcinfo, 1, "cart_id"));
    query.customer_id = optional_uuid(argument(fcinfo, customer_argument, "customer_id"));
    return query;
}

} // namespace

} // namespace weedgo

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_put_cart);
PG_FUNCTION_INFO_V1(weedgo_get_cart);
PG_FUNCTION_INFO_V1(weedgo_lock_cart);
PG_FUNCTION_INFO_V1(weedgo_cart_lock_key);
}

// Makes a cart hold exactly the given items.
Datum weedgo_put_cart(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    check_writable("put_cart()");
    PutRequest request;
    request.query = read_query(fcinfo, 3);
    request.items = read_put_items(argument(fcinfo, 2, "items"));
    request.promo_code = optional_promo_code(argument(fcinfo, 4, "promo_code"));
    check_options(argument(fcinfo, 5, "options"));
    return row_as_owner(fcinfo, request.query.store_id, [&](OwnerScope &scope, ResultRow *row) {
        put_cart(request, scope.wait);
        read_contents(request.query, row);
    });
}

// Reads a cart.
Datum weedgo_get_cart(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    const CartQuery query = read_query(fcinfo, 2);
    check_options(argument(fcinfo, 3, "options"));
    return row_as_owner(fcinfo, query.store_id,
                        [&](OwnerScope &, ResultRow *row) { read_contents(query, row); });
}

// Takes the cart's lock for code that edits carts itself. Needs no relation, but where row security
// says whose cart it is.
Datum weedgo_lock_cart(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    const pg_uuid_t store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    const pg_uuid_t cart_id = required_uuid(argument(fcinfo, 1, "cart_id"));
    const Argument options = argument(fcinfo, 2, "options");
    check_options(options, {"wait"});
    if (stores_are_judged())
        as_owner(store_id, [](OwnerScope &) {});
    WaitScope scope;
    enter(&scope);
    lock_cart(scope, store_id, cart_id,
              boolean_option(options, "wait", true) ? Wait::in_turn : Wait::no);
    leave(scope);
    PG_RETURN_VOID();
}

// Where the cart's lock stands in pg_locks.
Datum weedgo_cart_lock_key(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    const pg_uuid_t store_id = required_uuid(argument(fcinfo, 0, "store_id"));
    const pg_uuid_t cart_id = required_uuid(argument(fcinfo, 1, "cart_id"));
    const LOCKTAG tag = cart_lock_tag(store_id, cart_id);
    ResultRow row;
    row.value(ObjectIdGetDatum(tag.locktag_field2)).value(ObjectIdGetDatum(tag.locktag_field3));
    row.value(Int16GetDatum(static_cast<std::int16_t>(tag.locktag_field4)));
    PG_RETURN_DATUM(row.to_datum(fcinfo, CurrentMemoryContext));
}
