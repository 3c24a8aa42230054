// What an event's hash is made of, as SQL: for adding events, and for checking them. The text of a
// jsonb array is the same for the same values, whatever the session is set to.
#pragma once

#define SEAL_MICROSECONDS(timestamp) "(extract(epoch FROM " timestamp ") * 1000000)::int8"
#define SEAL_SHA256(jsonb) "sha256(convert_to(" jsonb "::text, 'UTF8'))"

// Of order o and its lines: all that a checkout stores and nothing that changes later.
#define SEAL_OF_ORDER(lines)                                                                       \
    SEAL_SHA256(                                                                                   \
        "jsonb_build_array(o.store_id, o.order_id, o.order_number, o.cart_id, o.customer_id,"      \
        " o.tenant_id, o.payment_type, o.payment_method_id, o.delivery_type, o.delivery_address,"  \
        " o.pickup_time, o.special_instructions, o.order_source, o.actor_id, o.subtotal,"          \
        " o.discount, o.tax, o.delivery_fee, o.delivery_tax, o.tip, o.total, o.amount_due,"        \
        " o.currency, o.promo_code, o.distance_m, o.taxes, o.pricing, o.idempotency_scope,"        \
        " o.idempotency_key, encode(o.request_fingerprint, 'hex'), " SEAL_MICROSECONDS(            \
            "o.priced_at") ", " SEAL_MICROSECONDS("o.created_at") ", o.metadata, "                 \
                                                                  "o.counted_on, " lines ")")

// Of event e, after what `previous` sealed.
#define SEAL_OF_EVENT(previous)                                                                    \
    "sha256(" previous " || " SEAL_SHA256(                                                         \
        "jsonb_build_array(e.store_id, e.order_id, e.seq, e.event, e.from_status, e.to_status,"    \
        " e.actor_id, e.reason, e.details, " SEAL_MICROSECONDS(                                    \
            "e.recorded_at") ","                                                                   \
                             " e.recorded_xid::text)") ")"

// The lines of order o, as lines_json() makes them.
#define LINES_OF_ORDER                                                                             \
    "(SELECT jsonb_agg(jsonb_build_object("                                                        \
    "     'line_no', i.line_no, 'sku', i.sku, 'name', i.name, 'quantity', i.quantity,"             \
    "     'unit_price', i.unit_price::text, 'line_total', i.line_total::text,"                     \
    "     'discount', i.discount::text, 'taxable', i.taxable::text,"                               \
    "     'tax', i.tax::text, 'tax_class', i.tax_class,"                                           \
    "     'equivalent_mg', i.equivalent_mg) ORDER BY i.line_no)"                                   \
    "   FROM weedgo_data.order_items i"                                                            \
    "  WHERE i.store_id = o.store_id AND i.order_id = o.order_id)"
