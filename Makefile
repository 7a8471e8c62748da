# netc. `make` builds build/netc, `make check` runs every test, `make demo` shows it at work, `make install`.
# Operators, passes, schedules and targets are found by listing their directories: adding a file adds it.

BUILD   ?= build
CC      ?= gcc
PREFIX  ?= /usr/local
CFLAGS  ?= -O2 -g
override CFLAGS  += -std=gnu11 -Wall -Wextra -Werror -MMD -MP
override CPPFLAGS += -D_GNU_SOURCE -Icompiler -Iruntime -I$(BUILD)
LDLIBS  += -lprotobuf-c -lz -lm

SOURCES   := $(sort $(wildcard compiler/*.c compiler/*/*.c))
GENERATED := $(BUILD)/net.tab.c $(BUILD)/net.lex.c $(BUILD)/onnx.pb-c.c $(BUILD)/registry.c $(BUILD)/runtime_files.c
OBJECTS   := $(SOURCES:%.c=$(BUILD)/%.o) $(GENERATED:.c=.o)
OPS       := $(basename $(notdir $(sort $(wildcard compiler/ops/*.c))))
TARGETS   := $(basename $(notdir $(sort $(wildcard compiler/targets/*.c))))
RUNTIME   := $(sort $(wildcard runtime/*.h runtime/*.c))

.PHONY: all
all: $(BUILD)/netc

$(BUILD)/netc: $(OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Everything but main(), for the unit tests.
$(BUILD)/libnetc.a: $(filter-out $(BUILD)/compiler/main.o,$(OBJECTS))
	rm -f $@ && ar rcs $@ $^

$(BUILD)/%.o: %.c | $(BUILD)/net.tab.h $(BUILD)/onnx.pb-c.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# Generated C answers to its generator's taste, not to our warnings.
$(GENERATED:.c=.o): $(BUILD)/%.o: $(BUILD)/%.c | $(BUILD)/net.tab.h
	$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-error -w -c -o $@ $<

$(BUILD)/net.tab.c $(BUILD)/net.tab.h &: grammar/net.y
	@mkdir -p $(@D)
	bison -Werror -d -o $(BUILD)/net.tab.c $<

$(BUILD)/net.lex.c $(BUILD)/net.lex.h &: grammar/net.l
	@mkdir -p $(@D)
	flex --header-file=$(BUILD)/net.lex.h -o $(BUILD)/net.lex.c $<

$(BUILD)/onnx.pb-c.c $(BUILD)/onnx.pb-c.h &: grammar/onnx.proto
	@mkdir -p $(@D)
	protoc-c --proto_path=grammar --c_out=$(BUILD) onnx.proto

$(BUILD)/registry.c: compiler/ops compiler/targets Makefile
	@mkdir -p $(@D)
	{ echo '#include "op.h"'; echo '#include "target.h"'; \
	  for o in $(OPS); do echo "extern const Op ops_$$o[];"; done; \
	  echo 'const Op *const op_tables[] = {'; for o in $(OPS); do echo "    ops_$$o,"; done; echo '    0};'; \
	  for t in $(TARGETS); do echo "extern const Target targets_$$t;"; done; \
	  echo 'const Target *const target_list[] = {'; for t in $(TARGETS); do echo "    &targets_$$t,"; done; echo '    0};'; \
	} >$@

# The runtime's files travel inside the compiler, so that generated code is complete wherever netc runs.
$(BUILD)/runtime_files.c: $(RUNTIME) Makefile
	@mkdir -p $(@D)
	{ echo '#include "runtime_files.h"'; echo 'const RuntimeFile runtime_files[] = {'; \
	  for f in $(RUNTIME); do printf '    {"%s", (const unsigned char[]){' $$(basename $$f); \
	    od -An -v -tu1 $$f | sed 's/  */,/g; s/^,//; s/$$/,/' ; printf '0}, %s},\n' $$(wc -c <$$f); done; \
	  echo '    {0, 0, 0}};'; } >$@

# ---- tests ----

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/unit/test_*.c)))

$(BUILD)/tests/%: tests/unit/%.c $(BUILD)/libnetc.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libnetc.a -lcmocka $(LDLIBS)

# Every test; the last line is `N passed, N failed`. TESTS=tests/driver for some of them.
.PHONY: check bless
check: $(BUILD)/netc $(UNIT_TESTS)
	@BUILD=$(BUILD) tests/run $(TESTS)

# Rewrites the expectations with what comes out now: look at the diff.
bless: $(BUILD)/netc $(UNIT_TESTS)
	@BUILD=$(BUILD) tests/run --bless $(TESTS)

.PHONY: clean
clean:
	rm -rf $(BUILD)

-include $(OBJECTS:.o=.d)
