# What `cmake --install` puts where, beside the programs: manual pages, bash completion, systemd unit, contrib.
include(GNUInstallDirs)

# scdoc is looked for when the pages are made: who only builds does not need it.
add_custom_target(man)
file(GLOB pages CONFIGURE_DEPENDS doc/man/*.scd)
foreach(source ${pages})
	get_filename_component(page ${source} NAME_WLE) # vouchd.8.scd -> vouchd.8
	string(REGEX REPLACE ".*\\." "" section ${page})
	set(made ${CMAKE_BINARY_DIR}/man/${page})
	add_custom_command(OUTPUT ${made} DEPENDS ${source}
	    COMMAND sh -c "mkdir -p man && scdoc <'${source}' >'${made}.new' && mv '${made}.new' '${made}'"
	    WORKING_DIRECTORY ${CMAKE_BINARY_DIR} VERBATIM)
	add_custom_target(man_${page} DEPENDS ${made})
	add_dependencies(man man_${page})
	install(FILES ${made} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} OPTIONAL)
endforeach()

if(TARGET vouch) # made by the program itself, from its tables
	install(CODE "execute_process(COMMAND \"$<TARGET_FILE:vouch>\" completion bash
	    OUTPUT_FILE \"${CMAKE_BINARY_DIR}/vouch.bash\" COMMAND_ERROR_IS_FATAL ANY)")
	install(FILES ${CMAKE_BINARY_DIR}/vouch.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME vouch)
endif()
install(DIRECTORY contrib/ DESTINATION ${CMAKE_INSTALL_DATADIR}/vouch/contrib OPTIONAL)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The units name the programs by their full path, which is known only when the prefix is.
foreach(unit vouchd vouch-milter)
	install(CODE "
		set(VOUCH_PREFIX \"\${CMAKE_INSTALL_PREFIX}\")
		configure_file(\"${CMAKE_SOURCE_DIR}/packaging/${unit}.service\" \"${CMAKE_BINARY_DIR}/${unit}.service\" @ONLY)
	")
	install(FILES ${CMAKE_BINARY_DIR}/${unit}.service DESTINATION lib/systemd/system)
endforeach()
install(FILES ${CMAKE_SOURCE_DIR}/packaging/vouchd.socket DESTINATION lib/systemd/system)
