// Conversions that can fail.
#include "datum.hpp"

namespace weedgo {

std::int64_t to_exact(Datum numeric, int scale, const char *what) {
    const char *text = DatumGetCString(DirectFunctionCall1(numeric_out, numeric));
    std::int64_t value = 0;
    const Decimal status = parse_decimal(text, scale, Excess::is_error, &value);
    if (status != Decimal::ok || (scale == 2 && value > max_amount))
        ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                        errmsg("%s %s cannot be used", what, text),
                        errdetail("{\"code\": \"value_out_of_range\", \"value\": \"%s\"}", text),
                        errhint("It must be a number from 0 on with at most %d digits behind the "
                                "point, and fit its column.",
                                scale)));
    return value;
}

} // namespace weedgo
