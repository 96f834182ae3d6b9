# Everything that a user or CI does here. `make demo` and `make test` are the whole set-up on a machine that has Swift.

SWIFT ?= swift
BUILD = $(SWIFT) build -c release
# Without testable imports tests use the very build that the program is made of, instead of a second one.
TEST = $(SWIFT) test -c release --disable-testable-imports
PACKAGES = libopenblas-dev liblapacke-dev libpng-dev libjpeg-dev libtiff-dev libwebp-dev libcairo2-dev fonts-dejavu-core zlib1g-dev \
	pkg-config gnuplot-nox
TARGETS = LinWarp LinearAlgebra Tensors Sampling Registration Stacking NeuralNetworks NumPyFiles Images Datasets
SWIFT_CODE = Sources Tests Benchmarks Fuzzing Examples Package.swift
OUT ?= linwarp-out

.PHONY: bench-registration bench-stack bench-warp registration-environment demo examples library test-library test-python test-arm install uninstall test test-kernels check mpi bench bench-check experiments results-page sanitize sanitize-undefined fuzz soak docs setup format

demo: setup
	$(BUILD) --product linwarp
	"$$($(BUILD) --show-bin-path)/linwarp" demo --out "$(OUT)"

test: setup
	$(TEST)

# The program and the C library with Swift's libraries in them, the manual page and what shells complete: they need no Swift where they run, only the
# system packages.
PREFIX ?= /usr/local
PROGRAM = $(DESTDIR)$(PREFIX)/bin/linwarp
MANUAL = $(DESTDIR)$(PREFIX)/share/man/man1/linwarp.1
COMPLETIONS = $(DESTDIR)$(PREFIX)/share/bash-completion/completions/linwarp $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_linwarp \
	$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/linwarp.fish
PKG_CONFIG_FILE = $(DESTDIR)$(PREFIX)/lib/pkgconfig/linwarp.pc
CMAKE_FOLDER = $(DESTDIR)$(PREFIX)/lib/cmake/LinWarp

# What is installed is linked from the objects of the ordinary build, with Swift's libraries in it: nothing is compiled twice.
LINK = swiftc -static-stdlib -Xlinker --gc-sections -Xlinker --strip-all
OBJECTS = "@$$($(BUILD) --show-bin-path)/$(1).product/Objects.LinkFileList"

# Of the C library only the names in linwarp.h show.
LIBRARY_VERSION = $(shell sed -n 's/.*current = "\(.*\)"/\1/p' Sources/LinearAlgebra/Machine/Version.swift)
LIBRARY_ABI = $(shell sed -n 's/.*define LINWARP_ABI_VERSION //p' Sources/CLinWarp/include/linwarp.h)
# What Foundation's static libraries are made of, which only modules that are compiled for them name themselves.
FOUNDATION_ESSENTIALS = -l_FoundationCShims -l_FoundationCollections
FOUNDATION = -lFoundation -lCoreFoundation -lFoundationInternationalization -l_FoundationICU $(FOUNDATION_ESSENTIALS)
LIBRARY = .build/library/liblinwarp.so.$(LIBRARY_VERSION)

library: setup
	$(BUILD) --product CLinWarp
	mkdir -p .build/library
	printf '{ global: linwarp_*; local: *; };' >.build/library/exports.map
	$(LINK) -emit-library -o $(LIBRARY) $(call OBJECTS,CLinWarp) -Xlinker -soname=liblinwarp.so.$(LIBRARY_ABI) \
		-Xlinker --version-script=.build/library/exports.map -Xlinker -z -Xlinker defs $(FOUNDATION_ESSENTIALS) \
		$$(pkg-config --libs openblas lapacke)
	ln -sf liblinwarp.so.$(LIBRARY_VERSION) .build/library/liblinwarp.so.$(LIBRARY_ABI)
	ln -sf liblinwarp.so.$(LIBRARY_ABI) .build/library/liblinwarp.so

# The Python package in an environment of its own, with PyTorch where pip finds it there already.
PYTHON_ENVIRONMENT ?= .build-python
test-python: PACKAGES += python3-venv
test-python: setup
	test -d $(PYTHON_ENVIRONMENT) || python3 -m venv $(PYTHON_ENVIRONMENT)
	$(PYTHON_ENVIRONMENT)/bin/pip install -q pytest ./Python
	$(BUILD) --product linwarp
	LINWARP="$$($(BUILD) --show-bin-path)/linwarp" $(PYTHON_ENVIRONMENT)/bin/python -m pytest -q Python

# The C library as a C program without Swift meets it, installed; and that it shows the names in linwarp.h and no other.
test-library: setup
	Tests/Acceptance/library.sh

# The programs in Examples: those in Swift of the library's ordinary build; those in C and Python where `make library` and `make test-python`
# have made what they need.
EXAMPLES = align custom-network gradients

examples: setup
	for name in $(EXAMPLES); do LINWARP_EXAMPLES=1 $(BUILD) --product $$name || exit 1; done
	mkdir -p "$(OUT)"
	set -e; programs=$$($(BUILD) --show-bin-path); cd "$(OUT)"; for name in $(EXAMPLES); do echo "examples: $$name"; "$$programs/$$name"; done
	if [ -e .build/library/liblinwarp.so ]; then \
		echo "examples: c"; \
		$(CC) Examples/c/align.c -ISources/CLinWarp/include -L.build/library -Wl,-rpath,"$(CURDIR)/.build/library" -llinwarp -lm \
			-o .build/library/align && .build/library/align; \
	fi
	if [ -e $(PYTHON_ENVIRONMENT)/bin/python ]; then \
		echo "examples: python"; $(PYTHON_ENVIRONMENT)/bin/python Examples/python/align.py; \
	fi

install: setup library
	$(BUILD) --product linwarp
	mkdir -p "$(dir $(PROGRAM))"
	$(LINK) -o "$(PROGRAM)" $(call OBJECTS,linwarp) -Xlinker --defsym=main=linwarp_main $(FOUNDATION) \
		$$(pkg-config --libs openblas lapacke libpng libjpeg libtiff-4 libwebpmux libwebp cairo zlib)
	$(SWIFT) package generate-manual
	install -D --mode 644 .build/plugins/GenerateManual/outputs/linwarp/linwarp.1 "$(MANUAL)"
	mkdir -p $(foreach file,$(COMPLETIONS),"$(dir $(file))")
	set -e; for file in $(COMPLETIONS); do \
		case "$$file" in *bash*) shell=bash ;; *zsh*) shell=zsh ;; *) shell=fish ;; esac; \
		"$(PROGRAM)" --generate-completion-script $$shell >"$$file"; \
	done
	install -D --mode 644 -t "$(DESTDIR)$(PREFIX)/include" Sources/CLinWarp/include/linwarp.h
	install -D --mode 644 -t "$(DESTDIR)$(PREFIX)/lib" $(LIBRARY)
	cp -P .build/library/liblinwarp.so .build/library/liblinwarp.so.$(LIBRARY_ABI) "$(DESTDIR)$(PREFIX)/lib"
	mkdir -p "$(dir $(PKG_CONFIG_FILE))" "$(CMAKE_FOLDER)"
	sed 's|@PREFIX@|$(abspath $(PREFIX))|; s|@VERSION@|$(LIBRARY_VERSION)|' Sources/CLinWarp/linwarp.pc.in >"$(PKG_CONFIG_FILE)"
	sed 's|@VERSION@|$(LIBRARY_VERSION)|' Sources/CLinWarp/LinWarpConfig.cmake.in >"$(CMAKE_FOLDER)/LinWarpConfig.cmake"

uninstall:
	rm -f "$(PROGRAM)" "$(MANUAL)" $(COMPLETIONS) "$(DESTDIR)$(PREFIX)/include/linwarp.h" "$(DESTDIR)$(PREFIX)"/lib/liblinwarp.so* \
		"$(PKG_CONFIG_FILE)" "$(CMAKE_FOLDER)/LinWarpConfig.cmake"

# Installs the system libraries that are missing, through apt.
setup:
	@missing=$$(for p in $(PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	if [ -n "$$missing" ]; then \
		echo "setup: installing" $$missing "through apt"; \
		sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
		$$sudo apt-get update -qq && $$sudo apt-get install -y -qq --no-install-recommends $$missing; \
	else echo "setup: the system packages are there: $(PACKAGES)"; fi

# Format, a build of everything without warnings, tests, documentation and whether it is complete. Warnings show when a file is compiled: a
# clean clone shows them all.
check: PACKAGES += python3
check: setup
	$(SWIFT) format lint --strict -r $(SWIFT_CODE)
	@$(BUILD) --build-tests 2>&1 | tee .build-check.log; \
	if grep -E 'warning:|error:' .build-check.log; then echo "check: found warnings or errors, expected none"; exit 1; fi
	$(TEST)
	$(MAKE) docs
	Tests/Acceptance/documented.py $(TARGETS)

format:
	$(SWIFT) format -i -r $(SWIFT_CODE)

# The overhead of the linearized sampler over bilinear, as a table and a picture: a package of its own, so that users of the library don't fetch
# what it needs.
bench: setup
	$(SWIFT) run -c release --package-path Benchmarks sampler-overhead --out "$(OUT)"
	gnuplot -c Benchmarks/overhead.gnuplot "$(OUT)"

# OpenCV and what else the next benchmarks stand beside.
REGISTRATION = .build-registration
registration-environment: PACKAGES += python3-venv
registration-environment: setup
	test -d $(REGISTRATION) || python3 -m venv $(REGISTRATION)
	$(REGISTRATION)/bin/pip install -q -r Benchmarks/Registration/requirements.txt

# How well and how fast `align` finds transformations, beside what else a user would try, on photographs in LINWARP_DATA or drawn scenes: half
# an hour. BENCH_OPTIONS="--only linwarp --pairs 4" takes moments; Benchmarks/Registration/compare.py --help shows all.
bench-registration: registration-environment
	$(SWIFT) build -c release --package-path Benchmarks --product registration-worker
	$(REGISTRATION)/bin/python Benchmarks/Registration/compare.py $(BENCH_OPTIONS)

# How exactly and how fast a burst of frames is stacked, beside a loop over OpenCV's ECC: a quarter of an hour.
bench-stack: registration-environment
	$(BUILD) --product linwarp
	$(REGISTRATION)/bin/python Benchmarks/Registration/stack.py "$$($(BUILD) --show-bin-path)/linwarp" $(BENCH_OPTIONS)

# How fast an image is warped from file to file, beside a script with OpenCV: minutes.
bench-warp: registration-environment
	$(BUILD) --product linwarp
	$(REGISTRATION)/bin/python Benchmarks/Warping/speed.py "$$($(BUILD) --show-bin-path)/linwarp" $(BENCH_OPTIONS)

# Whether something has become more than twice as slow as the thresholds in Benchmarks/Thresholds.
bench-check: setup
	cd Benchmarks && $(SWIFT) package benchmark thresholds check --no-progress

# Every experiment of the paper, with the data sets in LINWARP_DATA: hours for `classification`, days for the last three, which compare long
# trainings. Goes on where it was stopped.
EXPERIMENTS = optimization-path alignment-recall gradient-field noise-ablation sample-count-ablation collapse-ablation timing mnist \
	classification average-image inference-swap protocol-choices classification-rates runaway better-sampler
RESULTS = Docs/Results

experiments: setup
	$(BUILD) --product linwarp
	for name in $(EXPERIMENTS); do \
		"$$($(BUILD) --show-bin-path)/linwarp" experiment $$name --resume --out $(RESULTS) || exit 1; \
		$(MAKE) --no-print-directory results-page; \
	done

# The page of results: the protocol, which claims hold, and the sections that are there.
SECTIONS = $(wildcard $(EXPERIMENTS:%=$(RESULTS)/%.md))

results-page:
	{ cat $(RESULTS)/Protocol.md; \
	printf '\n## Which claims hold\n\n| where | the claim | here |\n|---|---|---|\n'; \
	awk -F '[.] Here: ' '/^## / { where = substr($$0, 4); sub(/:.*/, "", where) } \
		match($$0, /[*][*](Holds|Does not hold|Undecided)[.][*][*]$$/) { \
			verdict = tolower(substr($$0, RSTART + 2, RLENGTH - 5)); \
			sub(/^- (The paper: )?/, "", $$1); \
			print "| " where " | " $$1 " | " (verdict == "holds" ? verdict : "**" verdict "**") " |" }' $(SECTIONS); \
	for section in $(SECTIONS); do echo; cat $$section; done; } > $(RESULTS)/README.md

# The tests with each set of kernels that the processor has, on one thread, on two and on three.
test-kernels: setup
	$(BUILD) --build-tests
	for level in baseline $(shell grep -om1 'avx2' /proc/cpuinfo) $(shell grep -om1 'avx512vl' /proc/cpuinfo | sed 's/vl//'); do \
		for threads in 1 2 3; do \
			echo "test-kernels: $$level, threads: $$threads"; \
			LINWARP_KERNELS=$$level LINWARP_THREADS=$$threads $(TEST) --skip-build || exit 1; \
		done; \
	done

# The kernels for 64-bit ARM, of which there is the baseline level alone, beside naive code in C: compiled for it, and run where there is none of
# its processors.
ARM = --target=aarch64-linux-gnu -static -O2 -Wall -Wextra -Werror
test-arm: PACKAGES = gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
test-arm: setup
	mkdir -p .build/arm
	clang $(ARM) -ISources/CWarpKernels/include Sources/CWarpKernels/dispatch.c Sources/CWarpKernels/level_baseline.c Tests/Arm/*.c -lm \
		-o .build/arm/kernels
	qemu-aarch64 .build/arm/kernels

# The tests, and the program that they start, under the address and the thread sanitizer: about 10 and 15 minutes; before that the C code
# under the undefined-behaviour sanitizer. The conditions leave out
# the pool of memory and what cannot be tested so; the files say what is no finding, and why.
sanitize: setup sanitize-undefined
	LSAN_OPTIONS="suppressions='$(CURDIR)/Tests/sanitize-leaks.txt':print_suppressions=0" \
	ASAN_OPTIONS="suppressions='$(CURDIR)/Tests/sanitize-address.txt'" \
		$(TEST) --sanitize address -Xswiftc -DADDRESS_SANITIZER --scratch-path .build-address
	TSAN_OPTIONS="suppressions='$(CURDIR)/Tests/sanitize-races.txt':print_suppressions=0" \
		$(TEST) --sanitize thread -Xswiftc -DTHREAD_SANITIZER --scratch-path .build-thread

# The C code under the undefined-behaviour sanitizer, which ends the test that finds some: the kernels of each level, the image codecs.
# The Swift compiler has no such sanitizer on Linux; what it links has the runtime all the same.
UNDEFINED = -Xswiftc -Xclang-linker -Xswiftc -fsanitize=undefined -Xcc -fsanitize=undefined,float-cast-overflow -Xcc -fno-sanitize-recover=all

sanitize-undefined: setup
	for level in baseline $(shell grep -om1 'avx2' /proc/cpuinfo) $(shell grep -om1 'avx512vl' /proc/cpuinfo | sed 's/vl//'); do \
		echo "sanitize: undefined behaviour, kernels: $$level"; \
		LINWARP_KERNELS=$$level $(TEST) $(UNDEFINED) --scratch-path .build-undefined \
			--filter 'LinearAlgebraTests|TensorsTests|SamplingTests|RegistrationTests|NeuralNetworksTests|ImagesTests' || exit 1; \
	done

# Damaged and hostile input: Fuzzing/README.md. Executions, coverage and findings are printed for each target.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= png jpeg tiff webp netpbm exif safetensors-header checkpoint numpy idx gtsrb-csv matrix json
# SwiftPM's own options for two sanitizers at once would leave Swift with the last one alone.
FUZZ_BUILD = LINWARP_FUZZ=1 $(BUILD) --product linwarp-fuzz --scratch-path .build-fuzz --sanitize fuzzer -Xswiftc -sanitize=fuzzer,address \
	-Xswiftc -DADDRESS_SANITIZER -Xcc -fsanitize=address,undefined,float-cast-overflow -Xcc -fno-sanitize-recover=all

fuzz: setup
	$(FUZZ_BUILD)
	Fuzzing/run.sh "$$($(FUZZ_BUILD) --show-bin-path)/linwarp-fuzz" $(FUZZ_SECONDS) $(FUZZ_TARGETS)

# Training, alignment and warping under kills, limits, full disks and changing load, compared with undisturbed results; ends with figures.
SOAK_MINUTES ?= 30
SOAK_SEED ?= 1

soak: setup
	$(BUILD) --product linwarp
	SOAK_MINUTES=$(SOAK_MINUTES) SOAK_SEED=$(SOAK_SEED) Tests/Acceptance/soak.py "$$($(BUILD) --show-bin-path)/linwarp"

# Training across processes, see Docs/Scaling.md.
mpi: PACKAGES += libopenmpi-dev
mpi: setup
	LINWARP_MPI=1 $(BUILD) --product linwarp-mpi
	@echo "mpi: $$(LINWARP_MPI=1 $(BUILD) --show-bin-path)/linwarp-mpi"

# The documentation of the public interface, as a static site.
docs: setup
	$(SWIFT) package --allow-writing-to-directory docs-out generate-documentation \
		$(addprefix --target ,$(TARGETS)) --enable-experimental-combined-documentation --warnings-as-errors --output-path docs-out
