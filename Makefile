# The front door. `make help` lists what there is.
.POSIX:
.PHONY: help build test format clean
.SILENT:

CCACHE = $$(command -v ccache >/dev/null && echo -DCMAKE_C_COMPILER_LAUNCHER=ccache)

help:
	echo "make build   install what is missing, build the release preset"
	echo "make test    install what is missing, build with ASan and UBSan, run the tests"
	echo "make format  run clang-format over the tree"
	echo "make clean   remove build/"

build:
	script/bootstrap build test
	cmake --preset release $(CCACHE) >/dev/null
	cmake --build --preset release

test:
	script/bootstrap build test
	cmake --preset debug $(CCACHE) >/dev/null
	cmake --build --preset debug
	ctest --preset debug -j2

format:
	git ls-files '*.c' '*.h' | xargs clang-format-14 -i

clean:
	rm -rf build
