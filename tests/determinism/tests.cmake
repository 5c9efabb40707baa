# The security path says the same from every compiler, optimisation and instruction set that is here. To run it: ctest -R determinism
add_test(NAME determinism COMMAND ${CMAKE_CURRENT_LIST_DIR}/run ${CMAKE_CURRENT_BINARY_DIR}/determinism)
set_tests_properties(determinism PROPERTIES LABELS determinism TIMEOUT 900 COST 500)
