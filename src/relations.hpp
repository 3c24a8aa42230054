// The contract: the relations in schema weedgo_data and the columns that the functions use. It is
// what create_tables() makes, what each call relies on, and what check_setup() reports on.
#pragma once

#include "pg.hpp"

namespace weedgo {

// A source may be a view over an application's own tables. A written source may be one that is
// updatable by itself. Records are tables.
enum class Kind { source, written_source, record };

// What is done with a column of a source. What is only read may be of any type that can be cast;
// what is compared with our values, or set to them, must be of a type that takes them as they are.
enum class Use { read, compared, written };

struct Column {
    const char *name;
    Oid type;
    Use use = Use::read;
};

struct Relation {
    const char *name;
    Kind kind;
    const char *key; // the columns that are unique, as in an index definition
    std::span<const Column> columns;
};

namespace relation_columns {

inline constexpr Column stores[] = {
    {"store_id", UUIDOID, Use::compared},
    {"tenant_id", UUIDOID},
    {"province", TEXTOID},
    {"currency", TEXTOID},
    {"timezone", TEXTOID},
    {"latitude", FLOAT8OID},
    {"longitude", FLOAT8OID},
    {"accepts_orders", BOOLOID},
    {"delivery_base_fee", NUMERICOID},
    {"delivery_fee_per_km", NUMERICOID},
    {"free_delivery_threshold", NUMERICOID},
    {"max_delivery_km", NUMERICOID},
    {"min_order_amount", NUMERICOID},
    {"tax_delivery", BOOLOID},
    {"policies", JSONBOID},
};
inline constexpr Column products[] = {
    {"store_id", UUIDOID, Use::compared},
    {"sku", TEXTOID, Use::compared},
    {"name", TEXTOID},
    {"unit_price", NUMERICOID},
    {"sale_price", NUMERICOID},
    {"sale_from", TIMESTAMPTZOID},
    {"sale_until", TIMESTAMPTZOID},
    {"is_available", BOOLOID},
    {"tax_class", TEXTOID},
    {"equivalent_mg", INT8OID},
};
inline constexpr Column stock[] = {
    {"store_id", UUIDOID, Use::compared}, {"sku", TEXTOID, Use::compared},
    {"bucket", INT4OID, Use::compared},   {"available", INT4OID, Use::written},
    {"reserved", INT4OID, Use::written},
};
inline constexpr Column customers[] = {
    {"customer_id", UUIDOID, Use::compared},
    {"date_of_birth", DATEOID},
    {"age_verified", BOOLOID},
};
inline constexpr Column payment_methods[] = {
    {"customer_id", UUIDOID, Use::compared},
    {"payment_method_id", TEXTOID, Use::compared},
    {"type", TEXTOID},
    {"is_active", BOOLOID},
    {"expires_on", DATEOID},
};
inline constexpr Column tax_rates[] = {
    {"province", TEXTOID, Use::compared},
    {"tax_class", TEXTOID},
    {"tax_name", TEXTOID},
    {"rate", NUMERICOID},
    {"valid_from", DATEOID},
    {"valid_until", DATEOID},
};
inline constexpr Column promo_codes[] = {
    {"store_id", UUIDOID, Use::compared},
    {"code", TEXTOID, Use::compared},
    {"discount_type", TEXTOID},
    {"discount_value", NUMERICOID},
    {"max_discount_amount", NUMERICOID},
    {"min_order_amount", NUMERICOID},
    {"valid_from", TIMESTAMPTZOID},
    {"valid_until", TIMESTAMPTZOID},
    {"max_uses", INT4OID},
    {"max_uses_per_customer", INT4OID},
    {"reimbursable", BOOLOID},
    {"is_active", BOOLOID},
};
inline constexpr Column carts[] = {
    {"store_id", UUIDOID, Use::compared},   {"cart_id", UUIDOID, Use::compared},
    {"customer_id", UUIDOID, Use::written}, {"promo_code", TEXTOID, Use::written},
    {"status", TEXTOID, Use::written},      {"order_id", UUIDOID, Use::written},
};
inline constexpr Column cart_items[] = {
    {"store_id", UUIDOID, Use::compared},
    {"cart_id", UUIDOID, Use::compared},
    {"sku", TEXTOID, Use::compared},
    {"quantity", INT4OID},
};
inline constexpr Column orders[] = {
    {"store_id", UUIDOID},         {"order_id", UUIDOID},
    {"order_number", TEXTOID},     {"cart_id", UUIDOID},
    {"customer_id", UUIDOID},      {"tenant_id", UUIDOID},
    {"status", TEXTOID},           {"payment_status", TEXTOID},
    {"payment_type", TEXTOID},     {"payment_method_id", TEXTOID},
    {"delivery_type", TEXTOID},    {"delivery_address", JSONBOID},
    {"pickup_time", TEXTOID},      {"special_instructions", TEXTOID},
    {"order_source", TEXTOID},     {"actor_id", UUIDOID},
    {"subtotal", NUMERICOID},      {"discount", NUMERICOID},
    {"tax", NUMERICOID},           {"delivery_fee", NUMERICOID},
    {"delivery_tax", NUMERICOID},  {"tip", NUMERICOID},
    {"total", NUMERICOID},         {"amount_due", NUMERICOID},
    {"currency", TEXTOID},         {"promo_code", TEXTOID},
    {"distance_m", INT4OID},       {"taxes", JSONBOID},
    {"pricing", JSONBOID},         {"idempotency_scope", UUIDOID},
    {"idempotency_key", TEXTOID},  {"request_fingerprint", BYTEAOID},
    {"priced_at", TIMESTAMPTZOID}, {"created_at", TIMESTAMPTZOID},
    {"metadata", JSONBOID},        {"counted_on", DATEOID},
};
inline constexpr Column order_items[] = {
    {"store_id", UUIDOID},      {"order_id", UUIDOID},      {"line_no", INT4OID},
    {"sku", TEXTOID},           {"name", TEXTOID},          {"quantity", INT4OID},
    {"unit_price", NUMERICOID}, {"line_total", NUMERICOID}, {"discount", NUMERICOID},
    {"taxable", NUMERICOID},    {"tax", NUMERICOID},        {"tax_class", TEXTOID},
    {"equivalent_mg", INT8OID}, {"returned", INT4OID},
};
inline constexpr Column order_events[] = {
    {"store_id", UUIDOID},     {"order_id", UUIDOID},
    {"seq", INT4OID},          {"event", TEXTOID},
    {"from_status", TEXTOID},  {"to_status", TEXTOID},
    {"actor_id", UUIDOID},     {"reason", TEXTOID},
    {"details", JSONBOID},     {"recorded_at", TIMESTAMPTZOID},
    {"recorded_xid", XID8OID}, {"hash", BYTEAOID},
};
inline constexpr Column payments[] = {
    {"store_id", UUIDOID},           {"payment_id", UUIDOID},
    {"order_id", UUIDOID},           {"event", TEXTOID},
    {"amount", NUMERICOID},          {"payment_type", TEXTOID},
    {"provider_reference", TEXTOID}, {"actor_id", UUIDOID},
    {"details", JSONBOID},           {"recorded_at", TIMESTAMPTZOID},
};
inline constexpr Column holds[] = {
    {"store_id", UUIDOID}, {"cart_id", UUIDOID},  {"sku", TEXTOID},
    {"bucket", INT4OID},   {"quantity", INT4OID}, {"expires_at", TIMESTAMPTZOID},
};
inline constexpr Column promo_counters[] = {
    {"store_id", UUIDOID}, {"code", TEXTOID},  {"bucket", INT4OID},
    {"used", INT4OID},     {"quota", INT4OID},
};
inline constexpr Column promo_customers[] = {
    {"store_id", UUIDOID},
    {"code", TEXTOID},
    {"customer_id", UUIDOID},
    {"used", INT4OID},
};
inline constexpr Column customer_days[] = {
    {"store_id", UUIDOID},
    {"customer_id", UUIDOID},
    {"day", DATEOID},
    {"equivalent_mg", INT8OID},
};
inline constexpr Column allocations[] = {
    {"store_id", UUIDOID}, {"order_id", UUIDOID}, {"line_no", INT4OID},  {"sku", TEXTOID},
    {"bucket", INT4OID},   {"quantity", INT4OID}, {"returned", INT4OID},
};
inline constexpr Column lots[] = {
    {"store_id", UUIDOID},
    {"sku", TEXTOID},
    {"bucket", INT4OID},
    {"lot_number", TEXTOID},
    {"received_at", TIMESTAMPTZOID},
    {"packaged_on", DATEOID},
    {"expires_on", DATEOID},
    {"recalled_at", TIMESTAMPTZOID},
    {"recall_reason", TEXTOID},
    {"recalled_by", UUIDOID},
};
inline constexpr Column stock_ledger[] = {
    {"store_id", UUIDOID}, {"entry_id", UUIDOID}, {"sku", TEXTOID},
    {"bucket", INT4OID},   {"change", INT4OID},   {"reason", TEXTOID},
    {"actor_id", UUIDOID}, {"details", JSONBOID}, {"recorded_at", TIMESTAMPTZOID},
};
inline constexpr Column store_roles[] = {
    {"role_name", NAMEOID},
    {"store_id", UUIDOID},
};

} // namespace relation_columns

inline constexpr Relation contract[] = {
    {"stores", Kind::source, "store_id", relation_columns::stores},
    {"products", Kind::source, "store_id, sku", relation_columns::products},
    {"customers", Kind::source, "customer_id", relation_columns::customers},
    {"payment_methods", Kind::source, "customer_id, payment_method_id",
     relation_columns::payment_methods},
    {"tax_rates", Kind::source, "province, tax_class, tax_name, valid_from",
     relation_columns::tax_rates},
    {"promo_codes", Kind::source, "store_id, code", relation_columns::promo_codes},
    {"cart_items", Kind::source, "store_id, cart_id, sku", relation_columns::cart_items},
    {"carts", Kind::written_source, "store_id, cart_id", relation_columns::carts},
    {"stock", Kind::written_source, "store_id, sku, bucket", relation_columns::stock},
    {"orders", Kind::record, "store_id, order_id", relation_columns::orders},
    {"order_items", Kind::record, "store_id, order_id, line_no", relation_columns::order_items},
    {"order_events", Kind::record, "store_id, order_id, seq", relation_columns::order_events},
    {"payments", Kind::record, "store_id, payment_id", relation_columns::payments},
    {"holds", Kind::record, "store_id, cart_id, sku, bucket", relation_columns::holds},
    {"promo_counters", Kind::record, "store_id, code, bucket", relation_columns::promo_counters},
    {"promo_customers", Kind::record, "store_id, code, customer_id",
     relation_columns::promo_customers},
    {"customer_days", Kind::record, "store_id, customer_id, day", relation_columns::customer_days},
    {"allocations", Kind::record, "store_id, order_id, line_no, bucket",
     relation_columns::allocations},
    {"lots", Kind::record, "store_id, sku, bucket", relation_columns::lots},
    {"stock_ledger", Kind::record, "store_id, entry_id", relation_columns::stock_ledger},
    {"store_roles", Kind::record, "role_name, store_id", relation_columns::store_roles},
};

// Indexes that the functions rely on beside the keys: without them an order could be made twice.
// The condition is that of a partial index, as pg_get_expr writes it; rows beyond it need not be
// unique.
struct UniqueIndex {
    const char *relation;
    const char *columns;
    const char *condition = "";
};
inline constexpr UniqueIndex unique_indexes[] = {
    {"orders", "store_id, cart_id"},
    {"orders", "store_id, order_number"},
    {"lots", "store_id, sku, lot_number"},
    {"orders", "store_id, idempotency_scope, idempotency_key", "(idempotency_key IS NOT NULL)"},
};

} // namespace weedgo
