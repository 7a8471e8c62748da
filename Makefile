# netc. `make` builds build/netc, `make check` runs every test, `make demo` shows it at work, `make install`.
# Operators, passes, schedules and targets are found by listing their directories: adding a file adds it.

BUILD   ?= build
CC      ?= gcc
PREFIX  ?= /usr/local
CFLAGS  ?= -O2 -g
override CFLAGS  += -std=gnu11 -Wall -Wextra -Werror -MMD -MP
override CPPFLAGS += -D_GNU_SOURCE -Icompiler $(HEADERS) -Iruntime -I$(BUILD)
LDLIBS  += -lprotobuf-c -lz -lm

HEADERS   := $(addprefix -I,$(sort $(dir $(wildcard compiler/*/*.h))))
SOURCES   := $(sort $(wildcard compiler/*.c compiler/*/*.c))
GENERATED := $(BUILD)/net.tab.c $(BUILD)/net.lex.c $(BUILD)/onnx.pb-c.c $(BUILD)/registry.c $(BUILD)/carried_files.c
OBJECTS   := $(SOURCES:%.c=$(BUILD)/%.o) $(GENERATED:.c=.o)
OPS       := $(basename $(notdir $(sort $(wildcard compiler/ops/*.c))))
TARGETS   := $(basename $(notdir $(sort $(wildcard compiler/targets/*.c))))
RUNTIME   := $(sort $(wildcard runtime/*.h runtime/*.c))
LIBRARY   := $(sort $(wildcard grammar/std/*.net))
EXPLAIN   := $(sort $(wildcard compiler/diag/explain/*.md))
PAGE      := $(sort $(wildcard compiler/reports/page/*))

.PHONY: all
all: $(BUILD)/netc $(BUILD)/netc.1

$(BUILD)/netc: $(OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# For the tests, which link what they need.
$(BUILD)/libnetc.a: $(OBJECTS)
	rm -f $@ && ar rcs $@ $^

$(BUILD)/%.o: %.c | $(BUILD)/net.tab.h $(BUILD)/net.lex.h $(BUILD)/onnx.pb-c.h
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

# Files that travel inside the compiler, so that it works and its generated code is complete wherever it runs.
CARRIED = runtime_files=$(RUNTIME) library_files=$(LIBRARY) explain_files=$(EXPLAIN) page_files=$(PAGE)
$(BUILD)/carried_files.c: $(RUNTIME) $(LIBRARY) $(EXPLAIN) $(PAGE) Makefile
	@mkdir -p $(@D)
	{ echo '#include "carried.h"'; for f in $(CARRIED); do \
	    case $$f in *=*) echo "$$end const CarriedFile $${f%%=*}[] = {"; f=$${f#*=}; end='{0, 0, 0}};' ;; esac; \
	    [ -n "$$f" ] || continue; printf '    {"%s", (const unsigned char[]){' $${f##*/}; \
	    od -An -v -tu1 $$f | sed 's/  */,/g; s/^,//; s/$$/,/' ; printf '0}, %s},\n' $$(wc -c <$$f); done; \
	  echo "$$end"; } >$@

# ---- tests ----

DIFFERENTIAL_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/differential/*.c)))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/unit/test_*.c)))

$(BUILD)/tests/%: tests/unit/%.c $(BUILD)/libnetc.a $(wildcard tests/unit/*.h)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c,$^) $(BUILD)/libnetc.a -lcmocka $(LDLIBS)

$(BUILD)/tests/test_random: $(wildcard tests/unit/random/*.c tests/unit/random/*.h)

# Every test; the last line is `N passed, N failed`. TESTS=tests/driver for some of them.
.PHONY: check bless
check: $(BUILD)/netc $(BUILD)/differential $(UNIT_TESTS)
	@BUILD=$(BUILD) tests/run $(TESTS)

# Rewrites the expectations with what comes out now: look at the diff.
bless: $(BUILD)/netc $(UNIT_TESTS)
	@BUILD=$(BUILD) tests/run --bless $(TESTS)

# Random one-node networks against ONNX Runtime, wherever that is: CASES of them, from seed SEED on.
CASES ?= 5000
SEED  ?= 1
.PHONY: differential
differential: $(BUILD)/differential
	$< --cases $(CASES) --seed $(SEED) --jobs $(or $(JOBS),2) $(DIFFERENTIAL)

$(BUILD)/differential: $(DIFFERENTIAL_OBJECTS) $(BUILD)/libnetc.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -ldl

# More random networks (tests/unit/test_random.c): SEEDS of them, from seed FIRST on. With sanitizers, in the generated code too:
# make fuzz BUILD=build/sanitized CFLAGS='-O1 -g -fsanitize=address,undefined'
SEEDS ?= 1000
FIRST ?= 1000
.PHONY: fuzz
fuzz: $(BUILD)/tests/test_random
	$< $(FIRST) $(SEEDS)

# Every backend test under DATA (ONNX's node tests, say) through `netc verify`; the table goes to build/conformance.tsv.
.PHONY: conformance
conformance: $(BUILD)/netc
	@test -n "$(DATA)" || { echo "make conformance DATA=FOLDER" >&2; exit 2; }
	NETC=$(abspath $(BUILD)/netc) tests/conformance $(DATA) $(BUILD)/conformance.tsv

# netc against ONNX Runtime on the usual networks (tests/bench/run says what it takes); NETWORKS: only these. bench-readme puts
# what was measured last into the README, with its chart.
BENCH ?= $(BUILD)/bench
.PHONY: bench bench-readme bench-precision
bench: $(BUILD)/netc
	@NETC=$(abspath $(BUILD)/netc) BENCH=$(abspath $(BENCH)) tests/bench/run $(NETWORKS)

# f32 weights against f16 and bf16 (tests/bench/precision), on those networks.
bench-precision: $(BUILD)/netc
	@NETC=$(abspath $(BUILD)/netc) BENCH=$(abspath $(BENCH)) tests/bench/precision $(NETWORKS)

bench-readme:
	tests/bench/report readme $(BENCH)/results.tsv $(BENCH)/machine README.md
	tests/bench/report chart $(BENCH)/results.tsv >tests/bench/chart.svg
	[ ! -f $(BENCH)/precision.tsv ] || tests/bench/report precision-readme $(BENCH)/precision.tsv README.md

# Every network of examples/ compiled by gcc and clang and run, with random parameters; and every one that PyTorch or torchvision has
# too against their answers. Each takes a while; EXAMPLES="lenet5 unet" for some of them.
.PHONY: examples torchvision
examples: $(BUILD)/netc
	@mkdir -p $(BUILD)/examples
	@NETC=$(abspath $(BUILD)/netc) ROOT=$(CURDIR) T=$(abspath $(BUILD)/examples) tests/examples/every --all $(EXAMPLES)
torchvision: $(BUILD)/netc
	@mkdir -p $(BUILD)/torchvision
	@tests/torchvision/compare $(abspath $(BUILD)/netc) $(abspath $(BUILD)/torchvision) $(EXAMPLES)

# ---- for people ----

VERSION  := $(shell sed -n 's/.define NETC_VERSION "\(.*\)"/\1/p' compiler/command/commands.h)
COMMANDS := check summary compile build run verify bench graph report print fmt export explain lsp ops targets

# The manual's list of commands is what they say of themselves.
$(BUILD)/netc.1: compiler/command/netc.1.in $(BUILD)/netc
	set -e; for c in $(COMMANDS); do echo ".SS netc $$c"; echo .nf; \
	  $(BUILD)/netc help $$c | sed '1s/^usage: //; s/[\\]/\\e/g; s/-/\\-/g; s/^\([.'"'"']\)/\\\&\1/'; echo .fi; done >$@.commands
	sed -e '/@COMMANDS@/{' -e 'r $@.commands' -e 'd' -e '}' -e 's/@VERSION@/$(VERSION)/' $< >$@
	@rm $@.commands

# The syntax files for editors, by the compiler's tables.
.PHONY: editors
editors: $(BUILD)/netc
	NETC=$(BUILD)/netc editors/generate editors

# The page of the networks in examples/, with a picture of each.
.PHONY: gallery
gallery: $(BUILD)/netc
	NETC=$(abspath $(BUILD)/netc) examples/gallery

# Installs the packages that are missing, builds, and shows compiled networks at work.
.PHONY: demo
demo:
	.ci/install
	$(MAKE) $(BUILD)/netc
	NETC=$(BUILD)/netc DEMO=$(BUILD)/demo examples/demo

PLACE = $(DESTDIR)$(PREFIX)
.PHONY: install uninstall
install: all
	install -d $(PLACE)/bin $(PLACE)/include/netc $(PLACE)/lib/pkgconfig $(PLACE)/share/man/man1 \
	  $(PLACE)/share/bash-completion/completions $(PLACE)/share/doc/netc $(PLACE)/share/netc/std
	install $(BUILD)/netc $(PLACE)/bin/netc
	install -m 644 $(filter %.h,$(RUNTIME)) $(PLACE)/include/netc
	install -m 644 $(filter %.c,$(RUNTIME)) $(PLACE)/share/netc
	install -m 644 $(LIBRARY) $(PLACE)/share/netc/std
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's/@VERSION@/$(VERSION)/' runtime/netc.pc.in >$(PLACE)/lib/pkgconfig/netc.pc
	install -m 644 $(BUILD)/netc.1 $(PLACE)/share/man/man1
	install -m 644 compiler/command/netc.bash-completion $(PLACE)/share/bash-completion/completions/netc
	install -m 644 README.md LICENSE grammar/LANGUAGE.md $(PLACE)/share/doc/netc
	install -m 644 runtime/LICENSE $(PLACE)/share/doc/netc/LICENSE.runtime

uninstall:
	rm -f $(PLACE)/bin/netc $(PLACE)/lib/pkgconfig/netc.pc $(PLACE)/share/man/man1/netc.1 \
	  $(PLACE)/share/bash-completion/completions/netc
	rm -rf $(PLACE)/include/netc $(PLACE)/share/netc $(PLACE)/share/doc/netc

.PHONY: clean
clean:
	rm -rf $(BUILD)

-include $(OBJECTS:.o=.d) $(DIFFERENTIAL_OBJECTS:.o=.d)
