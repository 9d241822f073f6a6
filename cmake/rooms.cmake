# The library is built twice from the same sources: kshot_lib with ks_real = float, and kshot_lib_double with double, in which
# the tests check every derivative. A room adds its sources to both. Rooms that draw are the command's alone, kshot_pictures:
# whoever uses the library needs no display.
set(KS_ROOMS_OF_PICTURES figures viewer page)

# Every processor that has AVX2 and FMA runs the same instructions, and sums are never reordered: results are the same bytes on all of
# them (docs/scaling.md). What is wider where the processor is, chooses so by itself (nn/gemm.c).
option(KS_NATIVE "Compile for the processor of this machine, and for no other" OFF)

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

add_library(kshot_lib STATIC)
set_target_properties(kshot_lib PROPERTIES OUTPUT_NAME kshot)
add_library(kshot_lib_double STATIC)
target_compile_definitions(kshot_lib_double PUBLIC KS_DOUBLE)
add_library(kshot_pictures STATIC)

add_library(kshot_warnings INTERFACE)
target_compile_options(kshot_warnings INTERFACE -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
                       -Wpointer-arith -Wcast-qual -Wundef $<$<BOOL:${KS_WERROR}>:-Werror>)

add_library(kshot_flags INTERFACE)
target_compile_options(kshot_flags INTERFACE $<IF:$<BOOL:${KS_NATIVE}>,-march=native,-march=x86-64-v3;-mtune=generic> -ffp-contract=off)
if(KS_SANITIZE)
    target_compile_options(kshot_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(kshot_flags INTERFACE -fsanitize=address,undefined)
endif()

# What is installed says by itself what it needs (cmake/install.cmake).
foreach(lib kshot_lib kshot_lib_double)
    target_include_directories(${lib} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
    target_compile_definitions(${lib} PRIVATE KS_VERSION="${PROJECT_VERSION}")
    target_link_libraries(${lib} PRIVATE $<BUILD_INTERFACE:kshot_warnings>)
    foreach(needs kshot_flags mujoco OpenMP::OpenMP_C PkgConfig::YAML PkgConfig::CJSON PkgConfig::ZLIB
            PkgConfig::ZIP PkgConfig::PNG PkgConfig::JPEG PkgConfig::PROTOBUF_C m)
        target_link_libraries(${lib} PUBLIC $<BUILD_INTERFACE:${needs}>)
    endforeach()
endforeach()
target_link_libraries(kshot_pictures PUBLIC kshot_lib PRIVATE kshot_warnings)

# One set of objects serves the command, libkshot.a and libkshot.so. Nobody puts functions of his own in place of the library's, so
# the compiler may still inline them: position independence then costs nothing that can be measured.
foreach(lib kshot_lib kshot_pictures)
    set_target_properties(${lib} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_compile_options(${lib} PRIVATE -fno-semantic-interposition)
endforeach()

# The libraries that the room in the current folder is part of.
function(ks_room_libraries libs)
    get_filename_component(room ${CMAKE_CURRENT_SOURCE_DIR} NAME)
    if(room IN_LIST KS_ROOMS_OF_PICTURES)
        set(${libs} kshot_pictures PARENT_SCOPE)
    else()
        set(${libs} kshot_lib kshot_lib_double PARENT_SCOPE)
    endif()
endfunction()

# ks_room(file…): sources of the room in the current folder.
function(ks_room)
    list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
    ks_room_libraries(libs)
    foreach(lib ${libs})
        target_sources(${lib} PRIVATE ${ARGN})
    endforeach()
endfunction()

# ks_room_vectors(file… [OPTIONS option…]): the same for files of plain loops over numbers, in every build optimised so that the
# compiler makes vectors of them. The options change no result: errno is not set, and comparisons may run ahead.
function(ks_room_vectors)
    cmake_parse_arguments(arg "" "" "OPTIONS" ${ARGN}) # the options may be generator expressions
    ks_room(${arg_UNPARSED_ARGUMENTS})
    list(TRANSFORM arg_UNPARSED_ARGUMENTS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
    ks_room_libraries(libs)
    set_source_files_properties(${arg_UNPARSED_ARGUMENTS} TARGET_DIRECTORY ${libs}
                                PROPERTIES COMPILE_OPTIONS "-O3;-fno-math-errno;-fno-trapping-math;${arg_OPTIONS}")
endfunction()

# Generated sources become part of the room in the current folder: as an object library, since generated files are known to the folder
# that makes them only.
function(ks_embedded target)
    add_library(${target} OBJECT ${ARGN})
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${target} PRIVATE kshot_flags kshot_warnings)
    ks_room_libraries(libs)
    foreach(lib ${libs})
        target_sources(${lib} PRIVATE $<TARGET_OBJECTS:${target}>)
    endforeach()
endfunction()

# ks_embed(model.xml…): each file becomes an array ks_model_NAME and its length ks_model_NAME_size, declared in models.h of the
# current room, so that the command needs no files beside it.
function(ks_embed)
    get_filename_component(room ${CMAKE_CURRENT_SOURCE_DIR} NAME)
    foreach(xml ${ARGN})
        get_filename_component(name ${xml} NAME_WE)
        set(out ${CMAKE_CURRENT_BINARY_DIR}/model_${name}.c)
        add_custom_command(OUTPUT ${out}
                           COMMAND ${CMAKE_COMMAND} -DIN=${CMAKE_CURRENT_SOURCE_DIR}/${xml} -DOUT=${out} -DNAME=${name} -DROOM=${room}
                                   -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
                           DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${xml} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
        list(APPEND generated ${out})
    endforeach()
    ks_embedded(kshot_models_${room} ${generated})
endfunction()

# ks_embed_table(name pattern…): the files that the patterns match become one table, ks_NAME_files, declared in NAME.h of the current
# room. A file that is put beside them is in the next build.
function(ks_embed_table name)
    get_filename_component(room ${CMAKE_CURRENT_SOURCE_DIR} NAME)
    list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
    set(files "")
    foreach(pattern ${ARGN})
        file(GLOB found CONFIGURE_DEPENDS ${pattern})
        list(APPEND files ${found})
    endforeach()
    list(JOIN files "|" joined)
    set(out ${CMAKE_CURRENT_BINARY_DIR}/${name}_files.c)
    add_custom_command(OUTPUT ${out}
                       COMMAND ${CMAKE_COMMAND} -DFILES=${joined} -DOUT=${out} -DNAME=${name} -DROOM=${room}
                               -P ${PROJECT_SOURCE_DIR}/cmake/embed_table.cmake
                       DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed_table.cmake VERBATIM)
    ks_embedded(kshot_files_${name} ${out})
endfunction()

# ks_proto(name.proto…): what protoc-c makes of each file; the room includes it as "ROOM/NAME.pb-c.h". The packages are called ks_…, so
# that names of the library stay its own.
function(ks_proto)
    get_filename_component(room ${CMAKE_CURRENT_SOURCE_DIR} NAME)
    ks_room_libraries(libs)
    foreach(proto ${ARGN})
        get_filename_component(name ${proto} NAME_WE)
        set(out ${CMAKE_CURRENT_BINARY_DIR}/${name}.pb-c)
        add_custom_command(OUTPUT ${out}.c ${out}.h
                           COMMAND ${PROTOC_C} --proto_path=${CMAKE_CURRENT_SOURCE_DIR} --c_out=${CMAKE_CURRENT_BINARY_DIR} ${proto}
                           DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${proto} VERBATIM)
        set(target kshot_proto_${room}_${name})
        add_library(${target} OBJECT ${out}.c)
        set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
        target_link_libraries(${target} PRIVATE kshot_flags PkgConfig::PROTOBUF_C)
        foreach(lib ${libs})
            target_sources(${lib} PRIVATE $<TARGET_OBJECTS:${target}>)
            target_include_directories(${lib} SYSTEM PRIVATE ${PROJECT_BINARY_DIR}) # whose warnings are not ours
            add_dependencies(${lib} ${target})
        endforeach()
    endforeach()
endfunction()

# ks_test(name [DOUBLE] [LONG] [SOURCES source…]): tests/test_name.c, a cmocka program, against one of the two builds. LONG: not
# under the sanitizers.
function(ks_test name)
    cmake_parse_arguments(arg "DOUBLE;LONG" "" "SOURCES" ${ARGN})
    add_executable(test_${name} test_${name}.c ${arg_SOURCES})
    set_target_properties(test_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
    target_link_libraries(test_${name} PRIVATE kshot_warnings cmocka $<IF:$<BOOL:${arg_DOUBLE}>,kshot_lib_double,kshot_pictures>)
    add_test(NAME ${name} COMMAND test_${name})
    if(arg_LONG)
        set_tests_properties(${name} PROPERTIES LABELS long)
    endif()
    set_tests_properties(${name} PROPERTIES TIMEOUT 600
                         ENVIRONMENT "KSHOT_VENV=${PROJECT_SOURCE_DIR}/.deps/venv;OMP_WAIT_POLICY=passive")
endfunction()

# ks_python_test(name script argument…): a program of the tests that needs what scripts/setup.sh has put into .deps/venv.
function(ks_python_test name script)
    add_test(NAME ${name} COMMAND ${PROJECT_SOURCE_DIR}/.deps/venv/bin/python ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${ARGN})
    set_tests_properties(${name} PROPERTIES TIMEOUT 900 ENVIRONMENT "OMP_WAIT_POLICY=passive;OPENBLAS_NUM_THREADS=1")
endfunction()
