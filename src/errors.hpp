// What a caller can be refused, and how: one function for each row of the table of errors.
// A problem is a value; checkout_cart raises the first, calc_order_totals lists them all.
#pragma once

#include "json.hpp"
#include "order_life.hpp"
#include "pg.hpp"
#include "policy.hpp"
#include "promo.hpp"

namespace weedgo {

struct Problem {
    int sqlstate = 0;
    const char *message = nullptr;
    const char *hint = nullptr;
    const char *detail = nullptr; // a JSON object that begins with "code"
};

// Problems in the order they were found; nothing is allocated while there are none.
class Problems {
public:
    void add(const Problem &problem);
    bool empty() const { return count_ == 0; }
    void raise_first() const;
    Datum to_jsonb() const; // an array of the details

private:
    static constexpr std::size_t capacity = 16;
    std::array<Problem, capacity> list_{};
    std::size_t count_ = 0;
};

[[noreturn]] void raise(const Problem &problem);

enum class ItemReason {
    not_found,
    not_available,
    insufficient_stock,
    lot_not_found,
    lot_not_available
};

struct UnavailableItem {
    std::string_view sku;
    ItemReason reason = ItemReason::not_found;
    std::int64_t requested = 0;
    std::int64_t available = 0;
};

std::string_view name_of(ItemReason reason);

// "Not there", "in another store" and "another customer's" are the same, word for word.
Problem cart_not_found(const pg_uuid_t &cart_id);
Problem cart_not_active(std::string_view status, const std::optional<pg_uuid_t> &order_id);
Problem cart_empty();
Problem payment_method_invalid(std::string_view payment_method_id, std::string_view reason);
Problem items_unavailable(std::span<const UnavailableItem> items);
Problem stock_insufficient(std::span<const UnavailableItem> items);
Problem promo_invalid(std::string_view promo_code, PromoReason reason,
                      const std::optional<Cents> &min_order_amount);
Problem discount_too_large(Cents discount, Cents subtotal);
Problem payments_do_not_match(Cents amount_due, Cents given, Cover cover);
Problem total_changed(Cents expected, const Totals &totals, std::span<const Line> lines);
Problem idempotency_mismatch(std::string_view key);
Problem delivery_address_missing();
Problem delivery_out_of_range(std::int32_t distance_m, std::int64_t max_distance_m);
Problem delivery_below_minimum(Cents subtotal, Cents min_order_amount);
// `bought_mg` is nothing where only the order itself is judged.
Problem purchase_limit_exceeded(std::int64_t limit_mg, std::int64_t cart_mg,
                                const std::optional<std::int64_t> &bought_mg);
Problem age_not_verified(const std::optional<std::int32_t> &min_age, AgeVerdict verdict);
Problem store_closed(OpeningVerdict verdict, std::string_view local_time,
                     const std::optional<TimestampTz> &next_opening);
Problem checkout_paused(std::string_view by);
Problem customer_unknown(const pg_uuid_t &customer_id);
Problem order_unknown(const pg_uuid_t &order_id);
Problem order_transition_invalid(const pg_uuid_t &order_id, std::string_view from,
                                 std::string_view to, std::string_view delivery_type);
Problem sku_unknown(const pg_uuid_t &store_id, std::span<const std::string_view> skus);
Problem lot_unknown(const std::optional<pg_uuid_t> &store_id,
                    const std::optional<std::string_view> &sku, std::string_view lot);
Problem stock_changed(std::string_view sku, std::int32_t expected, std::int64_t available);
Problem stock_overflow(std::string_view sku, std::int64_t units);
Problem cart_locked(const pg_uuid_t &cart_id, std::string_view reason);
Problem row_locked();
Problem amount_overflow();
Problem not_writable(const char *relation);
// `store_id` is nothing where the call names no store.
Problem store_not_allowed(std::string_view role, const std::optional<pg_uuid_t> &store_id);
Problem role_unknown(std::string_view role);
Problem read_only(const char *function);

// 25006 in a read-only transaction and on a standby.
void check_writable(const char *function);

// 22023: an argument out of its range.
[[noreturn]] void raise_invalid_argument(const char *argument, const char *message,
                                         const char *hint);

// 55000: the installation is wrong. `hint` NULL points to check_setup().
[[noreturn]] void raise_setup(const char *message, const char *hint = nullptr);

} // namespace weedgo
