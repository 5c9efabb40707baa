# Crash tests: tests/crash/*_test.py against the built daemon. To run them: ctest -L crash. The daemon is killed 20 times;
# CRASH_KILLS=200 in the environment is a full run (.ci/run). Without the right to mount a small disk that test is skipped;
# with CI=true it fails.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
file(GLOB crash_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*_test.py)
foreach(file ${crash_files})
	get_filename_component(name ${file} NAME_WE)
	add_test(NAME crash_${name} COMMAND ${Python3_EXECUTABLE} -B ${file})
	set_tests_properties(crash_${name} PROPERTIES LABELS crash TIMEOUT 900 COST 1000 SKIP_RETURN_CODE 77
	    ENVIRONMENT "VOUCH_BIN=${CMAKE_BINARY_DIR}")
endforeach()
