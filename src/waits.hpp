// Who waits for a sku's stock: what is seen of it in pg_locks.
#pragma once

#include "arguments.hpp"
#include "pg.hpp"

namespace weedgo {

// How often to look, and how long to wait between two looks.
struct Looking {
    std::int32_t looks;
    std::int32_t every_ms;
};

// Reads options "samples" and "interval_ms".
Looking read_looking(const Argument &options);

// A sku that somebody waited for, or that is split.
struct WaitedFor {
    std::string_view sku;
    std::int32_t parts; // 0: it is not split
    std::int64_t waits; // of all looks together
};

// Looks at a store for a while, at the skus' rows of bucket 0 and at the locks of parts; the most
// waited for first. Raises 0A000 where stock is no table.
std::span<WaitedFor> look_for_waits(const pg_uuid_t &store_id, const Looking &looking);

} // namespace weedgo
