// Reading policies from jsonb.
#include "policy_read.hpp"

#include "datum.hpp"
#include "errors.hpp"

namespace weedgo {

static_assert(Trivial<FoundPolicies>);

namespace {

constexpr OpenInterval around_the_clock[] = {{0, 24 * 60}};

std::string_view text_of(const JsonbValue &value) {
    return {value.val.string.val, static_cast<std::size_t>(value.val.string.len)};
}

bool is_object(const JsonbValue &value) {
    return value.type == jbvBinary && JsonContainerIsObject(value.val.binary.data);
}

bool is_array(const JsonbValue &value) {
    return value.type == jbvBinary && JsonContainerIsArray(value.val.binary.data);
}

JsonbValue element(const JsonbValue &array, std::size_t number) {
    return *getIthJsonbValueFromContainer(array.val.binary.data, static_cast<uint32>(number));
}

std::size_t size_of(const JsonbValue &array) {
    return JsonContainerSize(array.val.binary.data);
}

// Calls body(name, value) for every key, until one returns false.
template <typename Body>
bool each_key(JsonbContainer *object, Body body) {
    static_assert(Trivial<Body>);
    JsonbIterator *iterator = JsonbIteratorInit(object);
    JsonbValue item;
    std::string_view name;
    const bool skip_nested = true;
    JsonbIteratorToken token;
    while ((token = JsonbIteratorNext(&iterator, &item, skip_nested)) != WJB_DONE) {
        if (token == WJB_KEY)
            name = text_of(item);
        if (token == WJB_VALUE && !body(name, item))
            return false;
    }
    return true;
}

// These return false for what is not written as it should be. null is off, also where it was on.

template <typename Integer>
bool read_number(const JsonbValue &value, std::int64_t most, std::optional<Integer> *number) {
    number->reset();
    if (value.type == jbvNull)
        return true;
    if (value.type != jbvNumeric)
        return false;
    const char *text =
        DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
    std::int64_t exact = 0;
    if (parse_decimal(text, 0, Excess::is_error, &exact) != Decimal::ok || exact < 1 ||
        exact > most)
        return false;
    *number = static_cast<Integer>(exact);
    return true;
}

bool read_switch(const JsonbValue &value, bool *is_on) {
    *is_on = value.type == jbvBool && value.val.boolean;
    return value.type == jbvBool || value.type == jbvNull;
}

bool read_intervals(const JsonbValue &value, std::span<const OpenInterval> *intervals) {
    if (value.type == jbvNull)
        return true;
    if (!is_array(value))
        return false;
    const std::span<OpenInterval> read = allocate<OpenInterval>(size_of(value));
    for (std::size_t i = 0; i < read.size(); i++) {
        const JsonbValue pair = element(value, i);
        if (!is_array(pair) || size_of(pair) != 2)
            return false;
        const JsonbValue from = element(pair, 0);
        const JsonbValue until = element(pair, 1);
        if (from.type != jbvString || until.type != jbvString)
            return false;
        const std::optional<OpenInterval> interval = parse_interval(text_of(from), text_of(until));
        if (!interval)
            return false;
        read[i] = *interval;
    }
    *intervals = read;
    return true;
}

struct Hours {
    std::array<std::span<const OpenInterval>, days_of_week> of_weekdays{};
    std::span<const ClosedDay> closed_on;
    bool are_given = false;
    bool closed_days_are_given = false;
};

bool read_hours(const JsonbValue &value, Hours *hours) {
    hours->of_weekdays = {};
    hours->are_given = value.type != jbvNull;
    if (!hours->are_given)
        return true;
    return is_object(value) &&
           each_key(value.val.binary.data, [&](std::string_view name, const JsonbValue &of_day) {
               const std::optional<std::size_t> weekday = parse_weekday(name);
               return weekday && read_intervals(of_day, &hours->of_weekdays[*weekday]);
           });
}

bool read_closed_on(const JsonbValue &value, Hours *hours) {
    hours->closed_on = {};
    hours->closed_days_are_given = value.type != jbvNull;
    if (!hours->closed_days_are_given)
        return true;
    if (!is_array(value))
        return false;
    const std::span<ClosedDay> read = allocate<ClosedDay>(size_of(value));
    for (std::size_t i = 0; i < read.size(); i++) {
        const JsonbValue text = element(value, i);
        const std::optional<ClosedDay> day =
            text.type == jbvString ? parse_closed_day(text_of(text)) : std::nullopt;
        if (!day)
            return false;
        read[i] = *day;
    }
    hours->closed_on = read;
    return true;
}

// What is wrong with one key; NULL where nothing is.
const char *read_key(std::string_view name, const JsonbValue &value, Policies *policies,
                     Hours *hours) {
    const char *not_a_switch = "must be true or false";
    bool good = true;
    const char *form = not_a_switch;
    if (name == "purchase_limit_mg") {
        good = read_number(value, max_purchase_limit_mg, &policies->purchase_limit_mg);
        form = "must be a whole number of milligrams, from 1 to 1000000000000";
    } else if (name == "purchase_limit_per_day") {
        good = read_switch(value, &policies->purchase_limit_per_day);
    } else if (name == "min_age") {
        good = read_number(value, max_min_age, &policies->min_age);
        form = "must be a whole number of years, from 1 to 150";
    } else if (name == "require_verified_age") {
        good = read_switch(value, &policies->require_verified_age);
    } else if (name == "hours") {
        good = read_hours(value, hours);
        form = "must be an object of mon to sun, each with a list like [[\"09:00\", \"23:00\"]]";
    } else if (name == "closed_on") {
        good = read_closed_on(value, hours);
        form = "must be a list of dates like \"2026-12-25\", or \"12-25\" for every year";
    } else if (name == "sell_only_while_open") {
        good = read_switch(value, &policies->sell_only_while_open);
    } else if (name == "deliver_only_while_open") {
        good = read_switch(value, &policies->deliver_only_while_open);
    } else {
        good = false;
        form = "is unknown";
    }
    if (good)
        return nullptr;
    return psprintf("\"%.*s\" %s", static_cast<int>(name.size()), name.data(), form);
}

// Policies as far as they were read.
struct Draft {
    Policies policies;
    Hours hours;
};

static_assert(Trivial<Draft>);

Policies finish(const Draft &draft) {
    Policies policies = draft.policies;
    Hours hours = draft.hours;
    // A store that names only the days on which it is closed is open on all others.
    if (!hours.are_given)
        hours.of_weekdays.fill(around_the_clock);
    if (hours.are_given || hours.closed_days_are_given)
        policies.opening = {hours.of_weekdays, hours.closed_on};
    return policies;
}

// What is wrong with a change, which is an object like the policies themselves; NULL where nothing.
const char *read_change(const JsonbValue &change, Draft *draft) {
    const char *problem = nullptr;
    each_key(change.val.binary.data, [&](std::string_view name, const JsonbValue &value) {
        if (name != "from")
            problem = read_key(name, value, &draft->policies, &draft->hours);
        return problem == nullptr;
    });
    return problem;
}

std::optional<std::int64_t> from_of(const JsonbValue &change) {
    if (!is_object(change))
        return std::nullopt;
    JsonbValue from;
    if (getKeyJsonValueFromContainer(change.val.binary.data, "from", 4, &from) == nullptr ||
        from.type != jbvString)
        return std::nullopt;
    return parse_instant(text_of(from));
}

// The changes in their order; nothing where they are not written as they should be.
std::optional<std::span<PolicyChange>> read_changes(const JsonbValue &list) {
    if (!is_array(list))
        return std::nullopt;
    const std::span<PolicyChange> changes = allocate<PolicyChange>(size_of(list));
    for (std::size_t i = 0; i < changes.size(); i++) {
        const std::optional<std::int64_t> from_us = from_of(element(list, i));
        if (!from_us)
            return std::nullopt;
        changes[i] = {*from_us, i};
    }
    return sort_changes(changes) ? std::optional(changes) : std::nullopt;
}

// Puts what the changes until an instant say in place of what was said before. Those that are still
// to come are read as well: a law that is misspelt is better found before it is in force.
void apply_changes(const JsonbValue &list, TimestampTz at, Draft *draft, FoundPolicies *found) {
    if (list.type == jbvNull)
        return;
    const std::optional<std::span<PolicyChange>> changes = read_changes(list);
    if (!changes) {
        found->problem = "\"changes\" must be a list of objects, each with another \"from\" like "
                         "\"2027-01-01T00:00:00-05:00\"";
        return;
    }
    found->changes = *changes;
    for (const PolicyChange &change : *changes) {
        Draft later = *draft;
        found->problem =
            read_change(element(list, change.number), is_in_force(change, at) ? draft : &later);
        if (found->problem != nullptr) {
            found->problem =
                psprintf("in change %zu of \"changes\" %s", change.number + 1, found->problem);
            return;
        }
    }
}

} // namespace

FoundPolicies find_policies(const std::optional<Datum> &jsonb, TimestampTz at) {
    FoundPolicies found;
    if (!jsonb)
        return found;
    Jsonb *document = DatumGetJsonbP(*jsonb);
    if (!JB_ROOT_IS_OBJECT(document)) {
        found.problem = "they must be a JSON object";
        return found;
    }
    if (JB_ROOT_COUNT(document) == 0)
        return found;
    Draft draft;
    std::optional<JsonbValue> changes;
    each_key(&document->root, [&](std::string_view name, const JsonbValue &value) {
        if (name == "changes")
            changes = value;
        else
            found.problem = read_key(name, value, &draft.policies, &draft.hours);
        return found.problem == nullptr;
    });
    if (changes && found.problem == nullptr)
        apply_changes(*changes, at, &draft, &found);
    found.policies = finish(draft);
    return found;
}

Policies policies_of(const Store &store, TimestampTz at) {
    const FoundPolicies found = find_policies(store.policies, at);
    if (found.problem != nullptr)
        raise_setup(psprintf("the policies of the store cannot be used: %s", found.problem),
                    "Mend weedgo_data.stores.policies; docs/reference.md has its keys.");
    return found.policies;
}

} // namespace weedgo
