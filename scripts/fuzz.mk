# Builds each target of test/fuzz with the pure sources of src/ (PURE=...) into build-fuzz/NAME, with
# libFuzzer and the sanitizers: only clang has them together.

FUZZ_CXX = clang++
OUT = build-fuzz
FLAGS = -std=c++20 -O1 -g -Wall -Wextra -Werror -I. -Isrc -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize=vptr -fno-sanitize-recover=all -MMD -MP

TARGETS = $(patsubst test/fuzz/%.cpp,%,$(sort $(wildcard test/fuzz/*_fuzz.cpp)))
# The model is a part of the unit tests.
OBJECTS = $(patsubst %.cpp,$(OUT)/%.o,$(PURE) test/unit/slow_model.cpp)

all: $(TARGETS:%=$(OUT)/%)

$(OUT)/%_fuzz: $(OUT)/test/fuzz/%_fuzz.o $(OBJECTS)
	$(FUZZ_CXX) -fsanitize=fuzzer,address,undefined -o $@ $^

$(OUT)/%.o: %.cpp scripts/fuzz.mk
	@mkdir -p $(@D)
	$(FUZZ_CXX) $(FLAGS) -c -o $@ $<

.SECONDARY:
-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
