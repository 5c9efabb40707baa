# Interop tests: tests/interop/*_test.py, each against real servers (peers.py). Without the peers a test is skipped
# (script/peers fetches them); with CI=true in the environment a missing peer is a failure. To run them: ctest -L interop
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
file(GLOB interop_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/interop/*_test.py)
foreach(file ${interop_files})
	get_filename_component(name ${file} NAME_WE)
	add_test(NAME interop_${name} COMMAND ${Python3_EXECUTABLE} -B ${file})
	set_tests_properties(interop_${name} PROPERTIES LABELS interop TIMEOUT 900 COST 100 SKIP_RETURN_CODE 77
	    ENVIRONMENT "VOUCH_BIN=${CMAKE_BINARY_DIR}")
endforeach()
