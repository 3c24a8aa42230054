# weedgo_checkout is built by PGXS; the goals in SCRIPT_GOALS run a script of scripts/ instead.
#
#   make, make install, make installcheck    as with any PostgreSQL extension (PG_CONFIG=... works)
#   make help                                lists everything else

EXTENSION = weedgo_checkout
EXTVERSION = 0.2.0
MODULE_big = $(EXTENSION)

# Each of these is a promise shown at length: the short forms are in make check.
PROOFS = $(notdir $(wildcard scripts/proofs/[a-z]*))
SCRIPT_GOALS = help demo demo-stop check check-% accept lint format figures bench $(PROOFS)

ifneq ($(filter $(SCRIPT_GOALS),$(MAKECMDGOALS)),)

# PGXS is not included here: it defines a `check` of its own, and these goals must work before
# pg_config exists, because they install it.

.PHONY: help demo demo-stop check accept lint format figures bench $(PROOFS)

help:
	@sed -n 's/^## //p' Makefile
	@for proof in $(PROOFS); do \
		printf 'make %-15s ' $$proof; sed -n '2s/^# //p' scripts/proofs/$$proof; done

## make                 build the extension
## make install         install it into the PostgreSQL of PG_CONFIG
## make installcheck    run the pg_regress and isolation tests against a running server
## make demo            install what is missing, start a throwaway cluster, show a checkout
## make demo-stop       stop that cluster and remove it
## make check           the same set-up, then every test suite
## make check-SUITE     one suite: unit fuzz regress regress-weedgo isolation pgtap pgtap-weedgo tap examples
##                      (TESTS='one|two' runs only the tests whose name contains one of these)
## make accept          take the last outputs of regress and isolation as the expected ones
## make lint            check the rules of CONTRIBUTING.md
## make figures         measure what a checkout costs: statements, WAL bytes, time
## make bench           measure checkouts against their peers (SCENARIOS=name, ROUNDS=5, CARTS=4000, PRESIZE=1000000)
## make format          lay out src/, test/unit/ and test/fuzz/ with clang-format
## make clean           remove what was built
## And, each with a bound that can be set, and those that draw at random with SEED=n to go the same way again (docs/reliability.md):

demo:
	@scripts/demo start
demo-stop:
	@scripts/demo stop
check:
	@scripts/check
check-%:
	@scripts/check $*
accept:
	@scripts/accept
lint:
	@scripts/lint/run
format:
	@scripts/format
figures:
	@scripts/figures
bench:
	@scripts/bench
$(PROOFS):
	@scripts/proofs/$@

# Goals of PGXS named together with these run in a make of their own.
OTHER_GOALS = $(filter-out $(SCRIPT_GOALS),$(MAKECMDGOALS))
ifneq ($(OTHER_GOALS),)
$(OTHER_GOALS):
	@$(MAKE) $@
endif

else

PG_CONFIG ?= pg_config

OBJS = $(patsubst %.cpp,%.o,$(sort $(wildcard src/*.cpp)))
EXTENSION_SQL = $(EXTENSION)--$(EXTVERSION).sql
SQL_FRAGMENTS = $(sort $(wildcard sql/[0-9][0-9]_*.sql))
# Released scripts are frozen in sql/. The way from the last release to this version is made of what
# sql/from-RELEASE.sql says and of all functions.
RELEASED = $(patsubst sql/from-%.sql,%,$(wildcard sql/from-*.sql))
UPGRADE_SQL = $(EXTENSION)--$(RELEASED)--$(EXTVERSION).sql
UPGRADE_FRAGMENTS = sql/from-$(RELEASED).sql \
	$(filter-out %_schema.sql %_types.sql,$(SQL_FRAGMENTS))
DATA = $(wildcard sql/$(EXTENSION)--*.sql)
DATA_built = $(EXTENSION_SQL) $(UPGRADE_SQL)

# These run in this order around all others, which run in the order of their names.
REGRESS_ALL = $(sort $(patsubst test/sql/%.sql,%,$(wildcard test/sql/*.sql)))
REGRESS_FIRST = $(filter create_extension,$(REGRESS_ALL)) $(filter setup,$(REGRESS_ALL))
REGRESS_LAST = $(filter drop_extension,$(REGRESS_ALL))
REGRESS = $(strip $(REGRESS_FIRST) \
	$(filter-out $(REGRESS_FIRST) $(REGRESS_LAST),$(REGRESS_ALL)) $(REGRESS_LAST))
REGRESS_OPTS = --inputdir=test
ISOLATION = $(sort $(patsubst test/specs/%.spec,%,$(wildcard test/specs/isolation_*.spec)))
ISOLATION_OPTS = --inputdir=test --outputdir=.

# -isystem: the headers of PostgreSQL 15 do not compile cleanly under -Wextra.
LANGUAGE_FLAGS = -std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics
# Empty where warnings are no errors: for code that was broken on purpose.
WERROR ?= -Werror
WARNING_FLAGS = -Wall -Wextra $(WERROR)
# PGXS passes the warning flags of the compiler PostgreSQL was built with; clang knows not all.
CLANG_FLAGS = -Wno-unknown-warning-option
PG_CPPFLAGS = -isystem $(shell $(PG_CONFIG) --includedir-server)
PG_CXXFLAGS = $(LANGUAGE_FLAGS) $(WARNING_FLAGS) \
	$(if $(findstring clang,$(shell $(CXX) --version)),$(CLANG_FLAGS)) -MMD -MP
SHLIB_LINK = -lm
EXTRA_CLEAN = src/*.d

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# PGXS compiles the bitcode for JIT with clang and without PG_CXXFLAGS.
COMPILE.cxx.bc += $(LANGUAGE_FLAGS) $(WARNING_FLAGS) $(CLANG_FLAGS) \
	-MMD -MP -MF $(@:.bc=.bc.d)

$(OBJS) $(OBJS:.o=.bc): Makefile
-include $(wildcard src/*.d)

$(EXTENSION_SQL): $(SQL_FRAGMENTS) Makefile
	@printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit' >$@.new
	@cat $(SQL_FRAGMENTS) </dev/null >>$@.new
	@mv $@.new $@

# At install a function is never one that was there before; in an upgrade PostgreSQL replaces only
# what belongs to the extension.
$(UPGRADE_SQL): $(UPGRADE_FRAGMENTS) Makefile
	@printf '%s\n' '\echo Use "ALTER EXTENSION $(EXTENSION) UPDATE" to load this file. \quit' >$@.new
	@cat $(UPGRADE_FRAGMENTS) | sed 's/^CREATE FUNCTION/CREATE OR REPLACE FUNCTION/' >>$@.new
	@mv $@.new $@

# Which tests there are, in their order: scripts/check and scripts/lint ask for it.
.PHONY: print-regress print-isolation
print-regress:
	@echo $(REGRESS)
print-isolation:
	@echo $(ISOLATION)

endif
