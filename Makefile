# SPDX-License-Identifier: MIT
# Quire: builds the kernel and the user programs, and names the commands of daily work.
# `make help` lists the targets, docs/building.md explains the variables.
# The targets run, test, debug, check and fmt first let tools/setup.sh find or install what they need;
# they build in a second make, because only then the compiler may be there to be chosen.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

DEBUG ?= 0
# The console key of kernel/console.c; a debug kernel has it.
CONSOLE ?= $(filter 1,$(DEBUG))
# The IPC shortcut of kernel/fast.c; a debug kernel is without it, so that both ways are tested.
FAST ?= $(if $(filter 1,$(DEBUG) $(TRACE)),0,1)
# V=1 shows each command whole.
Q := $(if $(V),,@)
BUILD ?= build
B     := $(BUILD)$(if $(filter 1,$(DEBUG)),/debug)$(if $(filter 1,$(LATENCY)),/latency)$(if $(filter \
             1,$(TRACE)),/trace)
O     := $(B)/obj
# Only the kernel is another with TRACE=1; the programs are those built without.
PROGRAM_DIR := $(patsubst %/trace,%,$(B))

# ---- compiler: CROSS_COMPILE= and LLVM=1 choose, else the first present of three ----
OWN_PREFIX := build/toolchain/bin/x86_64-elf-
ifeq ($(LLVM),1)
CC      := clang --target=x86_64-elf
LD      := ld.lld
AR      := llvm-ar
NM      := llvm-nm
OBJDUMP := llvm-objdump
# Debian also installs the LLVM binutils under names with a version; those of GNU read the same files.
AR      := $(if $(shell command -v $(AR)),$(AR),ar)
NM      := $(if $(shell command -v $(NM)),$(NM),nm)
OBJDUMP := $(if $(shell command -v $(OBJDUMP)),$(OBJDUMP),objdump)
else
ifeq ($(origin CROSS_COMPILE),undefined)
CROSS_COMPILE := $(if $(wildcard $(OWN_PREFIX)gcc),$(OWN_PREFIX),$(if \
                   $(shell command -v x86_64-elf-gcc),x86_64-elf-))
endif
CC      := $(CROSS_COMPILE)gcc
LD      := $(CROSS_COMPILE)ld
AR      := $(CROSS_COMPILE)ar
NM      := $(CROSS_COMPILE)nm
OBJDUMP := $(CROSS_COMPILE)objdump
endif

# ---- flags ----
# Only the compiler's own freestanding headers are in reach: no C library, for the kernel or for user programs.
CC_HEADERS := $(shell $(CC) -print-file-name=include 2>/dev/null)
CFLAGS_COMMON = -std=gnu11 -O2 -g -ffreestanding -nostdinc -isystem $(CC_HEADERS) -I. -Iinclude \
    -m64 -fno-pic -fno-pie -fno-strict-aliasing -fno-asynchronous-unwind-tables -fno-stack-protector \
    -fcf-protection=none -fomit-frame-pointer -Wall -Wextra -Wconversion -Wshadow -Werror \
    $(if $(filter 1,$(DEBUG)),-DQUIRE_DEBUG) $(if $(filter 1,$(LATENCY)),-DQUIRE_LATENCY) $(EXTRA_CFLAGS)
CFLAGS_KERNEL = $(CFLAGS_COMMON) -DQUIRE_FAST=$(FAST) $(if $(filter 1,$(TRACE)),-DQUIRE_TRACE) \
    $(if $(filter 1,$(CONSOLE)),-DQUIRE_CONSOLE) -Ikernel -Iarch/x86_64 -mcmodel=kernel -mno-red-zone \
    -mgeneral-regs-only
CFLAGS_USER   = $(CFLAGS_COMMON) -mcmodel=small
# No -g: gdb and objdump complain about NASM's debug information; the symbols are there without it.
NASMFLAGS     = -felf64 -Werror -I. -Iinclude/ $(if $(filter 1,$(DEBUG)),-DQUIRE_DEBUG) \
    $(if $(filter 1,$(DEBUG) $(LATENCY) $(TRACE)),-DQUIRE_WATCHED)
LDFLAGS       = -nostdlib -static -z max-page-size=4096 -z noexecstack --build-id=none

# ---- what is built ----
objects = $(patsubst %,$(O)/%.o,$(sort $(1)))

KERNEL_OBJS := $(call objects,$(wildcard kernel/*.c arch/x86_64/*.c arch/x86_64/*.asm))
LIB_OBJS    := $(call objects,$(wildcard user/lib/*.c user/lib/*.asm))
LIBQUIRE    := $(B)/user/libquire.a

# name, link address, source files of a user program
define program
PROGRAMS += $(B)/$(1).elf
$(B)/$(1).elf: $(call objects,$(3))
$(B)/$(1).elf: IMAGE_BASE := $(2)
endef
ROOT_BASE := 0x200000
TASK_BASE := 0x1000000
$(eval $(call program,sigma0,0x100000,$(wildcard user/sigma0/*.c)))
$(eval $(call program,root,$(ROOT_BASE),$(wildcard user/root/*.c)))
$(eval $(call program,server,$(TASK_BASE),user/smap/server.c))
$(eval $(call program,client,$(TASK_BASE),user/smap/client.c))
# Helper files beside the test programs belong to each of them.
TEST_COMMON := $(filter-out user/tests/t_%,$(wildcard user/tests/*.c))
$(foreach t,$(wildcard user/tests/t_*.c),$(eval \
    $(call program,$(basename $(notdir $(t))),$(ROOT_BASE),$(t) $(TEST_COMMON))))
$(eval $(call program,bench,$(ROOT_BASE),$(wildcard user/bench/*.c) user/tests/worker.c))
FUZZ := user/fuzz/args.c
$(eval $(call program,fuzz_calls,$(ROOT_BASE),$(FUZZ) $(addprefix user/fuzz/,calls.c caller.c call_gen.c caller.asm)))
$(eval $(call program,fuzz_map,$(TASK_BASE),$(FUZZ) user/fuzz/helper.c $(wildcard user/fuzz/map*.c tests/model/*.c)))
# Code that is mapped alone, without the constants that vector instructions would need.
$(O)/user/fuzz/helper.c.o: CFLAGS_USER += -mgeneral-regs-only

$(eval $(call program,play,$(ROOT_BASE),$(wildcard user/play/*.c tests/model/model*.c) tests/model/events.c))
$(foreach e,$(wildcard user/examples/*.c),$(eval \
    $(call program,ex_$(basename $(notdir $(e))),$(TASK_BASE),$(e))))

all: $(B)/kernel.elf $(PROGRAMS) ## build the kernel and all user programs

# Linked twice: the second time with the table of the first one's symbols (see tools/ksyms.py).
$(B)/kernel.elf: linker.ld $(KERNEL_OBJS) tools/ksyms.py
	$(Q)$(LD) $(LDFLAGS) -T linker.ld -o $(O)/kernel.pass1 $(KERNEL_OBJS)
	$(Q)$(NM) -n $(O)/kernel.pass1 | python3 tools/ksyms.py >$(O)/ksyms.asm
	$(Q)nasm $(NASMFLAGS) -o $(O)/ksyms.o $(O)/ksyms.asm
	$(Q)$(LD) $(LDFLAGS) -T linker.ld -o $@ $(KERNEL_OBJS) $(O)/ksyms.o
	@echo "  LD      $@"

$(LIBQUIRE): $(LIB_OBJS)
	@mkdir -p $(@D) && rm -f $@
	$(Q)$(AR) rcs $@ $(LIB_OBJS)

$(PROGRAMS): user/lib/program.ld $(LIBQUIRE)
	$(Q)$(LD) $(LDFLAGS) -T user/lib/program.ld --defsym=IMAGE_BASE=$(IMAGE_BASE) -o $@ \
	    $(filter %.o,$^) --start-group $(LIBQUIRE) --end-group
	@echo "  LD      $@"

$(O)/user/%.c.o: user/%.c $(O)/config
	@mkdir -p $(@D); echo '  CC      $<'
	$(Q)$(CC) $(CFLAGS_USER) -MMD -MP -c -o $@ $<
$(O)/tests/model/%.c.o: tests/model/%.c $(O)/config
	@mkdir -p $(@D); echo '  CC      $<'
	$(Q)$(CC) $(CFLAGS_USER) -MMD -MP -c -o $@ $<
$(O)/%.c.o: %.c $(O)/config
	@mkdir -p $(@D); echo '  CC      $<'
	$(Q)$(CC) $(CFLAGS_KERNEL) -MMD -MP -c -o $@ $<
$(O)/%.asm.o: %.asm $(O)/config
	@mkdir -p $(@D); echo '  NASM    $<'
	$(Q)nasm $(NASMFLAGS) -MD $(@:.o=.d) -MP -o $@ $<

# Other flags or another compiler: everything is built again.
CONFIG := $(shell $(CC) --version 2>/dev/null | head -n 1) | $(LD) | $(CFLAGS_KERNEL) | $(NASMFLAGS)
$(O)/config: force
	@mkdir -p $(@D); echo '$(CONFIG)' | cmp -s - $@ || echo '$(CONFIG)' >$@

-include $(patsubst %.o,%.d,$(KERNEL_OBJS) $(LIB_OBJS)) $(wildcard $(O)/user/*/*.d $(O)/tests/model/*.d)

# ---- commands ----
SETUP = @LLVM='$(LLVM)' CROSS_COMPILE='$(CROSS_COMPILE)' sh tools/setup.sh
BOOT  ?= iso
$(if $(filter iso direct efi,$(BOOT)),,$(error BOOT=$(BOOT) is none of iso, direct, efi))
# Variables of `make run` and the option of tools/run.py each stands for.
option    = $(if $($(1)),--$(2) '$($(1))')
RUN_FLAGS = --build $(PROGRAM_DIR) --boot $(BOOT) $(call option,ROOT,root) $(call option,SIGMA0,sigma0) \
    $(call option,MODULES,modules) $(call option,ROOT_ARGS,root-args) $(call option,CMDLINE,cmdline) \
    $(call option,MEM,mem) $(call option,CPU,cpu) $(call option,TIMEOUT,timeout) \
    $(if $(filter 1,$(TRACE)),--kernel $(B)/kernel.elf --trace $(BUILD)/trace.txt) \
    $(if $(QEMU_ARGS),--qemu-args='$(QEMU_ARGS)') $(ARGS)

run: ## build, boot the demonstration in QEMU and check it (BOOT=iso|direct|efi ROOT= MODULES= MEM= CPU= ...)
	$(SETUP) build run-$(BOOT)
	@$(MAKE) all TRACE=0
	@$(MAKE) $(B)/kernel.elf
	@python3 tools/run.py $(RUN_FLAGS)

test: ## run all tests, or those of one rule or name: make test T=M-21
	$(SETUP) build run-direct run-iso run-efi test
	@$(MAKE) all
	@$(MAKE) all DEBUG=1 BUILD=build
	@$(MAKE) build/trace/kernel.elf TRACE=1 DEBUG=0 BUILD=build
	$(SETUP) browser || true
	@python3 tests/run.py --build $(B) $(call option,T,filter) $(ARGS)

mutants: ## put faults into a copy, one by one: do the tests notice? (M=word: only entries with it; ARGS=--named)
	$(SETUP) build run-direct test
	@python3 tools/mutants.py $(call option,M,only) $(ARGS)

shrink: ## a sequence on which kernel and model differ: leave out what is not needed (SEQ=file.seq)
	$(SETUP) build run-direct test
	@$(MAKE) all
	@python3 tools/shrink.py $(SEQ) $(ARGS)

coverage: ## which lines of the walk do the host tests run? (ARGS=--lines: show those that none runs)
	$(SETUP) build test
	@python3 tools/coverage.py $(ARGS)

soak: ## run the tests with a random part ten times longer
	$(SETUP) build run-direct test
	@$(MAKE) all
	@$(MAKE) all DEBUG=1 BUILD=build
	@python3 tests/run.py --soak --build $(B) $(call option,T,filter) $(ARGS)

bench: ## measure the kernel in guest instructions (ARGS=--record: make that the record)
bench-check: ## fail if an operation became more than 2 % slower than recorded
bench bench-check:
	$(SETUP) build run-direct
	@$(MAKE) $(addprefix $(BUILD)/,kernel.elf sigma0.elf bench.elf) DEBUG=0 LATENCY=0
	@$(MAKE) $(BUILD)/latency/kernel.elf DEBUG=0 LATENCY=1
	@python3 tools/bench.py --build $(BUILD) $(if $(filter bench-check,$@),--check) $(ARGS)

# Directly, unless a way is named: it is there sooner.
play: PLAY_BOOT := $(if $(filter file default undefined,$(origin BOOT)),direct,$(BOOT))
play: ## map, grant, unmap and send by hand on the serial console (SCRIPT="a.play b.play": first run these; BOOT=)
	$(SETUP) build run-$(PLAY_BOOT)
	@$(MAKE) all
	@python3 tools/play.py --build $(B) --boot $(PLAY_BOOT) $(call option,MEM,mem) $(call option,CPU,cpu) $(SCRIPT) $(ARGS)

explore: ## write build/explore.html, a scenario step by step for any browser (SCENARIO="one two"; ARGS=--list)
	$(SETUP) build run-direct
	@$(MAKE) all DEBUG=0
	@$(MAKE) $(BUILD)/trace/kernel.elf TRACE=1 DEBUG=0
	@python3 tools/explore/explore.py --build $(BUILD) $(call option,MEM,mem) $(call option,CPU,cpu) \
	    $(SCENARIO) $(ARGS)

debug: ## start QEMU halted and attach gdb with the kernel's symbols (GDB_ARGS=)
	$(SETUP) build run-$(BOOT) debug
	@$(MAKE) all
	@python3 tools/run.py $(RUN_FLAGS) --debug

iso: ## make the bootable image build/quire.iso only
	$(SETUP) build run-iso
	@$(MAKE) all
	@python3 tools/run.py $(RUN_FLAGS) --iso-only

check: ## static analysis, formatting, purity and size rules
	$(SETUP) build check
	@python3 tools/check.py

fmt: ## format the C sources in place
	$(SETUP) fmt
	@clang-format -i $(wildcard $(foreach d,kernel arch/* user/* include/l4/* include/l4/*/* \
	    tests/*,$(d)/*.[ch]))

disasm: all ## write build/*.dis, the disassembly with source lines of the kernel and each program
	@for f in $(B)/kernel.elf $(PROGRAMS); do $(OBJDUMP) -dSl $$f >$${f%.elf}.dis && echo "  wrote $${f%.elf}.dis"; done

toolchain: ## build x86_64-elf binutils and gcc into build/toolchain from the distribution's sources
	$(SETUP) toolchain
	@sh tools/toolchain.sh build/toolchain

clean: ## remove what was built, except the toolchain
	@if [ -d $(BUILD) ]; then find $(BUILD) -mindepth 1 -maxdepth 1 ! -name 'toolchain*' -exec rm -rf {} +; fi

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1@\2/p' Makefile | awk -F@ '{printf "%-20s%s\n", $$1, $$2}'

# For tools/check.py and the tests.
print-flags-kernel: ; @echo $(CFLAGS_KERNEL)
print-compile-kernel: ; @echo $(CC) $(CFLAGS_KERNEL)
print-flags-user: ; @echo $(CFLAGS_USER)
print-flags-run: ; $(info $(RUN_FLAGS)) @:

force:
.PHONY: all run play explore test mutants shrink coverage soak bench bench-check debug iso check fmt disasm \
    toolchain clean help force print-flags-kernel print-compile-kernel print-flags-user print-flags-run
