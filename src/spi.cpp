// Running statements and reading rows.
#include "spi.hpp"

#include "errors.hpp"

namespace weedgo {

static_assert(Trivial<Param> && Trivial<Statement> && Trivial<Rows> && Trivial<Row>);

namespace {

constexpr std::size_t max_params = 48;

#if PG_VERSION_NUM >= 170000
bool search_path_matches(SearchPathMatcher *path) {
    return SearchPathMatchesCurrentEnvironment(path);
}
#else
bool search_path_matches(OverrideSearchPath *path) {
    return OverrideSearchPathMatchesCurrent(path);
}
#endif

void prepare(Statement &statement, std::span<const Param> params) {
    std::array<Oid, max_params> types{};
    std::size_t count = 0;
    for (const Param &param : params)
        types[count++] = param.type;

    // Generic: the same plan for every cart, so that no call pays for planning.
    SPIPlanPtr plan = SPI_prepare_cursor(statement.sql, static_cast<int>(count), types.data(),
                                         CURSOR_OPT_GENERIC_PLAN);
    if (plan == nullptr)
        elog(ERROR, "could not prepare \"%s\": %s", statement.sql,
             SPI_result_code_string(SPI_result));
    const int kept = SPI_keepplan(plan);
    if (kept != 0)
        elog(ERROR, "could not keep a plan: %s", SPI_result_code_string(kept));
    statement.plan = plan;
}

// Planned now and kept, a plan must suit the table that it meets later. A hash over all of stock
// is cheap while there are sixty rows; with a million it is a disaster, and under SERIALIZABLE it
// conflicts with every other checkout at any size. So statements that go by keys are planned with
// index scans and nested loops only, whatever the tables look like today. No statement here gains
// from being compiled. Returns the level of settings to go back to.
int begin_planning(Access access) {
    const int level = NewGUCNestLevel();
    const auto turn_off = [](const char *setting) {
        (void)set_config_option(setting, "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
                                0, false);
    };
    turn_off("jit");
    if (access == Access::by_key)
        for (const char *setting :
             {"enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"})
            turn_off(setting);
    return level;
}

// Row security, where it is on, makes a query one of a role and a setting of the caller's.
bool row_security_matches(const CachedPlanSource &source) {
    return !source.dependsOnRLS ||
           (source.rewriteRoleId == GetUserId() && source.rewriteRowSecurity == row_security);
}

CachedPlanSource *source_of(const Statement &statement) {
    return static_cast<CachedPlanSource *>(linitial(SPI_plan_get_plan_sources(statement.plan)));
}

// Whether the next run would plan: as GetCachedPlan() decides it. SPI_plan_is_valid() asks about
// the query only, not about its plan, nor about search_path, which changes with the first
// temporary table.
bool must_plan(const Statement &statement) {
    if (statement.plan == nullptr)
        return true;
    const CachedPlanSource *source = source_of(statement);
    return !source->is_valid || source->gplan == nullptr || !source->gplan->is_valid ||
           TransactionIdIsValid(source->gplan->saved_xmin) || !row_security_matches(*source) ||
           !search_path_matches(source->search_path);
}

// Of a table that was empty, a plan knows nothing: to find a cart's order any index will do that
// begins with the store, and the plan then reads all orders of the store. Until PostgreSQL has
// analysed the table nothing makes it plan again; so the 10th, 20th, 40th run does.
void age(Statement &statement) {
    if (++statement.runs < statement.plan_again_at)
        return;
    statement.plan_again_at *= 2;
    CachedPlan *plan = statement.plan == nullptr ? nullptr : source_of(statement)->gplan;
    if (plan != nullptr)
        plan->is_valid = false;
}

// Plans without running, so that a trigger never sees these settings.
void plan_now(Statement &statement, std::span<const Param> params) {
    const int level = begin_planning(statement.access);
    if (statement.plan == nullptr)
        prepare(statement, params);
    ReleaseCachedPlan(SPI_plan_get_cached_plan(statement.plan), CurrentResourceOwner);
    AtEOXact_GUC(true, level);
}

} // namespace

void connect_spi() {
    const int result = SPI_connect();
    if (result != SPI_OK_CONNECT)
        elog(ERROR, "could not connect to SPI: %s", SPI_result_code_string(result));
}

void finish_spi() {
    const int result = SPI_finish();
    if (result != SPI_OK_FINISH)
        elog(ERROR, "could not leave SPI: %s", SPI_result_code_string(result));
}

Param make_array(Oid element_type, std::span<Datum> elements, bool *nulls) {
    std::int16_t length = 0;
    bool by_value = false;
    char alignment = 0;
    get_typlenbyvalalign(element_type, &length, &by_value, &alignment);
    int size[] = {static_cast<int>(elements.size())};
    int first[] = {1};
    ArrayType *array = construct_md_array(elements.data(), nulls, 1, size, first, element_type,
                                          length, by_value, alignment);
    return {get_array_type(element_type), PointerGetDatum(array)};
}

Rows execute(Statement &statement, std::span<const Param> params) {
    Assert(params.size() <= max_params);
    age(statement);
    if (must_plan(statement))
        plan_now(statement, params);

    std::array<Datum, max_params> values{};
    std::array<char, max_params> nulls{};
    std::size_t count = 0;
    for (const Param &param : params) {
        values[count] = param.value;
        nulls[count++] = param.is_null ? 'n' : ' ';
    }
    const bool read_only = false; // a snapshot taken now, not the caller's
    const int result = SPI_execute_plan(statement.plan, values.data(), nulls.data(), read_only, 0);
    if (result < 0)
        elog(ERROR, "could not execute \"%s\": %s", statement.sql, SPI_result_code_string(result));
    return {SPI_tuptable, SPI_processed};
}

Row::Row(const Rows &rows, std::uint64_t number)
    : description_(rows.table->tupdesc),
      values_(allocate<Datum>(static_cast<std::size_t>(description_->natts))),
      nulls_(allocate<bool>(static_cast<std::size_t>(description_->natts))) {
    heap_deform_tuple(rows.table->vals[number], description_, values_.data(), nulls_.data());
}

std::optional<Datum> Row::value(Oid type) {
    const auto column = static_cast<std::size_t>(next_++);
    if (column >= values_.size() || TupleDescAttr(description_, column)->atttypid != type)
        elog(ERROR, "column %d of a row is not of type %u", next_, type);
    if (nulls_[column])
        return std::nullopt;
    return values_[column];
}

Datum Row::required(Oid type) {
    const std::optional<Datum> found = value(type);
    if (!found)
        raise_setup(psprintf("column \"%s\" of a row in schema weedgo_data is null",
                             NameStr(TupleDescAttr(description_, next_ - 1)->attname)));
    return *found;
}

pg_uuid_t Row::uuid() {
    return *DatumGetUUIDP(required(UUIDOID));
}

std::string_view Row::text() {
    return to_text(required(TEXTOID));
}

bool Row::boolean() {
    return DatumGetBool(required(BOOLOID));
}

std::int32_t Row::integer() {
    return DatumGetInt32(required(INT4OID));
}

std::int64_t Row::bigint() {
    return DatumGetInt64(required(INT8OID));
}

std::int64_t Row::exact(int scale, const char *what) {
    return to_exact(required(NUMERICOID), scale, what);
}

std::optional<pg_uuid_t> Row::optional_uuid() {
    const std::optional<Datum> found = value(UUIDOID);
    return found ? std::optional(*DatumGetUUIDP(*found)) : std::nullopt;
}

std::optional<std::string_view> Row::optional_text() {
    const std::optional<Datum> found = value(TEXTOID);
    return found ? std::optional(to_text(*found)) : std::nullopt;
}

std::optional<bool> Row::optional_boolean() {
    const std::optional<Datum> found = value(BOOLOID);
    return found ? std::optional(DatumGetBool(*found)) : std::nullopt;
}

std::optional<std::int32_t> Row::optional_integer() {
    const std::optional<Datum> found = value(INT4OID);
    return found ? std::optional<std::int32_t>(DatumGetInt32(*found)) : std::nullopt;
}

std::optional<std::int64_t> Row::optional_bigint() {
    const std::optional<Datum> found = value(INT8OID);
    return found ? std::optional<std::int64_t>(DatumGetInt64(*found)) : std::nullopt;
}

std::optional<double> Row::optional_double() {
    const std::optional<Datum> found = value(FLOAT8OID);
    return found ? std::optional(DatumGetFloat8(*found)) : std::nullopt;
}

std::optional<std::int64_t> Row::optional_exact(int scale, const char *what) {
    const std::optional<Datum> found = value(NUMERICOID);
    return found ? std::optional(to_exact(*found, scale, what)) : std::nullopt;
}

std::optional<DateADT> Row::optional_date() {
    const std::optional<Datum> found = value(DATEOID);
    return found ? std::optional(DatumGetDateADT(*found)) : std::nullopt;
}

std::optional<TimestampTz> Row::optional_timestamp() {
    const std::optional<Datum> found = value(TIMESTAMPTZOID);
    return found ? std::optional(DatumGetTimestampTz(*found)) : std::nullopt;
}

} // namespace weedgo
