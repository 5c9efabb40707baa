# Stories: tests/stories/*.story, each played against the built daemon on a fake clock (run.py). To run them: ctest -L story
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
file(GLOB story_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.story)
foreach(file ${story_files})
	get_filename_component(name ${file} NAME_WE)
	add_test(NAME story_${name} COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/run.py ${file})
	set_tests_properties(story_${name} PROPERTIES LABELS story TIMEOUT 900 ENVIRONMENT "VOUCH_BIN=${CMAKE_BINARY_DIR}")
endforeach()
# The programs as a person starts them.
add_test(NAME daemon_test COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/daemon_test.py)
set_tests_properties(daemon_test PROPERTIES LABELS story TIMEOUT 900 ENVIRONMENT "VOUCH_BIN=${CMAKE_BINARY_DIR}")
add_test(NAME service_test COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/service_test.py)
set_tests_properties(service_test PROPERTIES LABELS story TIMEOUT 900 ENVIRONMENT "VOUCH_BIN=${CMAKE_BINARY_DIR}")
foreach(name reload_test reload_transfers_test reload_doors_test clock_test metrics_test)
	add_test(NAME ${name} COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/${name}.py)
	set_tests_properties(${name} PROPERTIES LABELS story TIMEOUT 900 ENVIRONMENT "VOUCH_BIN=${CMAKE_BINARY_DIR}")
endforeach()

# The README's tour, word for word.
add_test(NAME readme_test COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/readme_test.py ${CMAKE_BINARY_DIR})
set_tests_properties(readme_test PROPERTIES LABELS story TIMEOUT 900 RUN_SERIAL TRUE)
