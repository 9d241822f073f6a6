# cmake --install BUILD --prefix PREFIX: the library, shared and static, its headers, what CMake and pkg-config need to find it, and
# the command. The prefix may be moved afterwards: nothing in it knows where it is, nor where the sources were. docs/library.md.

option(KS_INSTALL "Make what cmake --install installs" ${PROJECT_IS_TOP_LEVEL})
if(KS_SANITIZE OR KS_FUZZ)
    set(KS_INSTALL OFF)
    install(CODE "message(FATAL_ERROR \"a build with sanitizers is not for installing: cmake --preset release\")")
endif()
if(NOT KS_INSTALL)
    return()
endif()

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/kshot)
set(staging ${PROJECT_BINARY_DIR}/install)
file(RELATIVE_PATH bin_to_lib /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
file(RELATIVE_PATH pc_to_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)

# ---- libraries and command -------------------------------------------------------------------------------------------------

# Its one source shows that kshot.h compiles; all the rest is libkshot.a. Before 1.0 every minor version may change the interface.
file(GENERATE OUTPUT ${staging}/kshot.c CONTENT "#include \"kshot.h\"\n")
add_library(kshot_shared SHARED ${staging}/kshot.c)
target_link_libraries(kshot_shared PRIVATE kshot_warnings $<BUILD_INTERFACE:$<LINK_LIBRARY:WHOLE_ARCHIVE,kshot_lib>>)
target_link_options(kshot_shared PRIVATE -Wl,-Bsymbolic-functions -Wl,--no-undefined)
set_target_properties(kshot_shared PROPERTIES OUTPUT_NAME kshot EXPORT_NAME kshot INSTALL_RPATH $ORIGIN
                      VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set_target_properties(kshot_lib PROPERTIES EXPORT_NAME kshot_static)
set_target_properties(kshot PROPERTIES INSTALL_RPATH "$ORIGIN/${bin_to_lib};$ORIGIN/../lib/kshot") # or as packages have it

target_link_libraries(kshot_lib INTERFACE $<INSTALL_INTERFACE:$<LINK_ONLY:kshot::dependencies>>) # kshotConfig.cmake defines it
foreach(lib kshot_shared kshot_lib)
    target_include_directories(${lib} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()

install(TARGETS kshot COMPONENT command)
install(TARGETS kshot_shared EXPORT kshotSharedTargets)
install(TARGETS kshot_lib EXPORT kshotStaticTargets)
install(PROGRAMS ${MUJOCO_DIR}/libmujoco.so.${MUJOCO_VERSION} DESTINATION ${CMAKE_INSTALL_LIBDIR})

# ---- manual pages and completion, which the command makes of its own tables -------------------------------------------------

set(pages ${staging}/share/man)
set(completion ${staging}/share/completion)
add_custom_command(OUTPUT ${staging}/share/made
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${pages} ${completion}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${pages} ${completion}
    COMMAND kshot help --man ${pages}
    COMMAND kshot help --completion bash > ${completion}/kshot
    COMMAND kshot help --completion zsh > ${completion}/_kshot
    COMMAND kshot help --completion fish > ${completion}/kshot.fish
    COMMAND ${CMAKE_COMMAND} -E touch ${staging}/share/made
    DEPENDS kshot VERBATIM)
add_custom_target(pages ALL DEPENDS ${staging}/share/made)
install(DIRECTORY ${pages}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT command FILES_MATCHING PATTERN *.1)
install(DIRECTORY ${pages}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT command FILES_MATCHING PATTERN *.5)
install(FILES ${completion}/kshot DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT command)
install(FILES ${completion}/_kshot DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT command)
install(FILES ${completion}/kshot.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT command)

# ---- headers ---------------------------------------------------------------------------------------------------------------

install(CODE "execute_process(COMMAND \"${CMAKE_COMMAND}\" \"-DFROM=${PROJECT_SOURCE_DIR}\" \"-DTO=${staging}/include/kshot\"
    -P \"${PROJECT_SOURCE_DIR}/cmake/public_headers.cmake\" COMMAND_ERROR_IS_FATAL ANY)")
install(DIRECTORY ${staging}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# ---- CMake: find_package(kshot) --------------------------------------------------------------------------------------------

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/kshotConfig.cmake.in ${staging}/kshotConfig.cmake
                              INSTALL_DESTINATION ${package} PATH_VARS CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${staging}/kshotConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${staging}/kshotConfig.cmake ${staging}/kshotConfigVersion.cmake DESTINATION ${package})
install(EXPORT kshotSharedTargets NAMESPACE kshot:: DESTINATION ${package})
install(EXPORT kshotStaticTargets NAMESPACE kshot:: DESTINATION ${package})

# ---- pkg-config: kshot, and kshot-static for programs that take libkshot.a where libkshot.so stands beside it ---------------

set(pc_private -l:libmujoco.so.${MUJOCO_VERSION} ${YAML_LDFLAGS} ${CJSON_LDFLAGS} ${ZIP_LDFLAGS} ${PNG_LDFLAGS}
    ${JPEG_LDFLAGS} ${ZLIB_LDFLAGS} ${PROTOBUF_C_LDFLAGS} ${OpenMP_C_FLAGS} -lm)
if(KS_MPI)
    list(APPEND pc_private ${MPI_C_LIBRARIES})
endif()
foreach(folder ${CMAKE_C_IMPLICIT_LINK_DIRECTORIES})
    list(REMOVE_ITEM pc_private -L${folder})
endforeach()
list(JOIN pc_private " " pc_private)
foreach(name kshot kshot-static)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in ${staging}/${name}.pc @ONLY)
    install(FILES ${staging}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

# ---- licences of what is installed, in whole or within the library ----------------------------------------------------------

find_file(RANDOM123_LICENCE copyright PATHS /usr/share/doc/librandom123-dev NO_DEFAULT_PATH)
mark_as_advanced(RANDOM123_LICENCE)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT command)
install(CODE "if(NOT EXISTS \"${MUJOCO_DIR}/licenses/LICENSE\")
    message(WARNING
        \"MuJoCo's licences are not in ${MUJOCO_DIR}/licenses: run scripts/setup.sh again before passing the prefix on\")
endif()")
install(FILES ${MUJOCO_DIR}/licenses/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME LICENSE.mujoco OPTIONAL COMPONENT command)
install(FILES ${MUJOCO_DIR}/licenses/LICENSES_THIRD_PARTY.md DESTINATION ${CMAKE_INSTALL_DOCDIR}
        RENAME LICENSES_THIRD_PARTY.mujoco.md OPTIONAL COMPONENT command)
if(RANDOM123_LICENCE)
    install(FILES ${RANDOM123_LICENCE} DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME LICENSE.random123 COMPONENT command)
endif()

include(package)
