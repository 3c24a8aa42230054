// Counters in parts, under the locks of the parts.
#include "split.hpp"

namespace weedgo {

static_assert(Trivial<SplitKey> && Trivial<SplitChange> && Trivial<Counter> && Trivial<Part> &&
              Trivial<Units>);

namespace {

PartLock lock_of(const Counter &counter, const SplitKey &key, std::int32_t bucket) {
    return {counter.what, key.store_id, key.name, bucket};
}

Part read_part(Row &row) {
    return {row.integer(), row.integer(), row.integer()};
}

void write(Counter &counter, const SplitKey &key, std::span<const Part> parts) {
    execute(counter.write_parts,
            {Param::uuid(key.store_id), Param::text(key.name),
             column_of(INT4OID, parts, &Part::bucket), column_of(INT4OID, parts, &Part::left),
             column_of(INT4OID, parts, &Part::taken)});
}

// Under the lock of the part.
bool change_part(Counter &counter, const SplitKey &key, std::int32_t bucket, const Units &change) {
    const Rows changed =
        execute(counter.change_part,
                {Param::uuid(key.store_id), Param::text(key.name), Param::integer(bucket),
                 Param::bigint(change.left), Param::bigint(change.taken)});
    if (changed.count == 0)
        unlock_part(lock_of(counter, key, bucket));
    return changed.count > 0;
}

// The parts of all counters, one after the other; `counts` is how many each has.
std::span<const Part> read_all_parts(Counter &counter, std::span<const SplitChange> changes,
                                     std::span<std::size_t> counts) {
    const auto store = [](const SplitChange &change, std::size_t) {
        return from_uuid(change.key.store_id);
    };
    const auto name = [](const SplitChange &change, std::size_t) {
        return from_text(change.key.name);
    };
    const Rows rows = execute(
        counter.read_parts, {array_of(UUIDOID, changes, store), array_of(TEXTOID, changes, name)});
    const std::span<Part> parts = allocate<Part>(rows.count);
    for (std::size_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        counts[static_cast<std::size_t>(row.integer() - 1)]++;
        parts[i] = read_part(row);
    }
    return parts;
}

} // namespace

bool change_in_free(Counter &counter, const SplitKey &key, std::int32_t count,
                    const Units &change) {
    for (std::int32_t i = 0; i < count; i++) {
        const std::int32_t bucket = -1 - (MyProcPid + i) % count;
        if (try_lock_part(lock_of(counter, key, bucket)))
            return change_part(counter, key, bucket, change);
    }
    return false;
}

// Backends begin at different parts, so that they seldom meet.
bool change_in_one(Counter &counter, const SplitKey &key, std::span<const Part> seen,
                   const Units &change) {
    std::optional<std::int32_t> busy;
    for (std::size_t i = 0; i < seen.size(); i++) {
        const Part &part = seen[(static_cast<std::size_t>(MyProcPid) + i) % seen.size()];
        if (!can_bear(part, change))
            continue;
        if (try_lock_part(lock_of(counter, key, part.bucket))) {
            if (change_part(counter, key, part.bucket, change))
                return true;
        } else if (!busy) {
            busy = part.bucket;
        }
    }
    if (!busy)
        return false;
    lock_part(lock_of(counter, key, *busy));
    return change_part(counter, key, *busy, change);
}

// Whoever changes the number of parts has the lock of the first one, too.
std::span<Part> gather(Counter &counter, const SplitKey &key) {
    const std::initializer_list<Param> of_key = {Param::uuid(key.store_id), Param::text(key.name)};
    lock_part(lock_of(counter, key, -1));
    const std::int32_t count = Row(execute(counter.count_parts, of_key), 0).integer();
    for (std::int32_t bucket = -2; bucket >= -count; bucket--)
        lock_part(lock_of(counter, key, bucket));
    const Rows rows = execute(counter.lock_parts, of_key);
    const std::span<Part> parts = allocate<Part>(rows.count);
    for (std::size_t i = 0; i < rows.count; i++) {
        Row row(rows, i);
        parts[i] = read_part(row);
    }
    return parts;
}

void spread_anew(Counter &counter, const SplitKey &key, std::span<Part> parts, const Units &sums) {
    const std::span<Part> before = allocate<Part>(parts.size());
    std::copy(parts.begin(), parts.end(), before.begin());
    spread(parts, &Part::left, sums.left);
    spread(parts, &Part::taken, sums.taken);

    const std::span<Part> changed = allocate<Part>(parts.size());
    std::size_t count = 0;
    for (std::size_t i = 0; i < parts.size(); i++)
        if (parts[i].left != before[i].left || parts[i].taken != before[i].taken)
            changed[count++] = parts[i];
    if (count > 0)
        write(counter, key, changed.first(count));
}

// Nobody else sees a new part before this is committed.
std::span<Part> make_parts(Counter &counter, const SplitKey &key, std::span<Part> parts,
                           std::int32_t count) {
    const auto before = static_cast<std::int32_t>(parts.size());
    const Param store = Param::uuid(key.store_id);
    const Param name = Param::text(key.name);
    if (count > before)
        execute(counter.add_parts,
                {store, name, Param::integer(before + 1), Param::integer(count)});
    if (count < before)
        execute(counter.drop_parts, {store, name, Param::integer(count)});
    // Who has a snapshot from before cannot see a new part; the first one tells it to begin again.
    if (count > before && before > 0)
        write(counter, key, parts.first(1));

    const std::span<Part> made = allocate<Part>(static_cast<std::size_t>(count));
    std::copy_n(parts.begin(), std::min(before, count), made.begin());
    for (std::int32_t i = before; i < count; i++)
        made[static_cast<std::size_t>(i)].bucket = -i - 1;
    return made;
}

bool change_in_parts(Counter &counter, const SplitKey &key, std::span<const Part> seen,
                     const Units &change) {
    if (change_in_one(counter, key, seen, change))
        return true;
    const std::span<Part> parts = gather(counter, key);
    const Units sums = sum_of(parts);
    if (parts.empty() || !can_bear(sums, change))
        return false;
    const bool has_limit = parts[0].left != counter.unlimited;
    spread_anew(counter, key, parts,
                {sums.left + (has_limit ? change.left : 0), sums.taken + change.taken});
    return true;
}

std::span<const Part> read_parts(Counter &counter, const SplitKey &key) {
    const SplitChange of_key{key, {}};
    std::size_t count = 0;
    return read_all_parts(counter, {&of_key, 1}, {&count, 1});
}

const SplitChange *change_split(Counter &counter, std::span<const SplitChange> changes) {
    if (changes.empty())
        return nullptr;
    const std::span<std::size_t> counts = allocate<std::size_t>(changes.size());
    std::span<const Part> rest = read_all_parts(counter, changes, counts);
    for (std::size_t i = 0; i < changes.size(); i++) {
        const std::span<const Part> seen = rest.first(counts[i]);
        rest = rest.subspan(counts[i]);
        const SplitChange &of = changes[i];
        if (!seen.empty() && !change_in_parts(counter, of.key, seen, of.change))
            return &of;
    }
    return nullptr;
}

void write_counter(const SplitKey &key, const Rows &state, const JsonWriter &details,
                   ResultRow *result) {
    Row row(state, 0);
    result->uuid(key.store_id).text(key.name).integer(row.integer());
    result->value(row.value(INT8OID)).value(row.value(INT8OID)).json(details);
}

} // namespace weedgo
