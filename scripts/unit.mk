# Builds test/unit and the pure sources of src/ into build-unit/unit_tests, under the sanitizers.
#
# Pure sources (PURE=...) include no PostgreSQL header, so they link without a server.

OUT = build-unit
# scripts/instrument has them built otherwise.
SANITIZE ?= -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all
COMMON = -std=c++20 -O1 -g -Wall -Wextra -Werror -I. -Isrc $(SANITIZE) -MMD -MP

PURE_OBJECTS = $(PURE:src/%.cpp=$(OUT)/src/%.o)
TEST_OBJECTS = $(patsubst test/unit/%.cpp,$(OUT)/test/%.o,$(sort $(wildcard test/unit/*.cpp)))

$(OUT)/unit_tests: $(PURE_OBJECTS) $(TEST_OBJECTS)
	$(CXX) $(SANITIZE) -o $@ $^ -lgtest -lgtest_main -lpthread

# As in the extension; the tests themselves may use all of C++.
$(OUT)/src/%.o: src/%.cpp scripts/unit.mk
	@mkdir -p $(@D)
	$(CXX) $(COMMON) -fno-exceptions -fno-rtti -fno-threadsafe-statics -c -o $@ $<

$(OUT)/test/%.o: test/unit/%.cpp scripts/unit.mk
	@mkdir -p $(@D)
	$(CXX) $(COMMON) -c -o $@ $<

-include $(wildcard $(OUT)/src/*.d $(OUT)/test/*.d)
