// check_setup: what a DBA should know before, and at 3 a.m.
#include "pg.hpp"
#include "result.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(weedgo_check_setup);
}

Datum weedgo_check_setup(PG_FUNCTION_ARGS) {
    using namespace weedgo;
    begin_set(fcinfo);
    PG_RETURN_NULL();
}
