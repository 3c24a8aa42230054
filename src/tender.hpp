// What a customer hands over at the till: payments that have a reference, and cash.
#pragma once

#include "arguments.hpp"
#include "order_life.hpp"
#include "pg.hpp"

namespace weedgo {

struct Tender {
    std::string_view type;
    Cents amount;
    std::optional<std::string_view> reference; // nothing: cash
};

// [{"type": "debit", "amount": "20.00", "reference": "..."}, {"type": "cash", "amount": "50"}],
// sorted: those with a reference by it, cash last. Two sales that record the same references do it
// in the same order, so that they cannot deadlock. Nothing where the argument is NULL.
std::optional<std::span<const Tender>> read_tenders(const Argument &argument);

// What the order is paid with: the one type that all have, or "split".
std::string_view payment_type_of(std::span<const Tender> tenders);

// Raises where they do not make up the amount.
void check_tenders(std::span<const Tender> tenders, Cents amount_due);

} // namespace weedgo
