# Imported targets for everything that kshot stands on. scripts/setup.sh installs all of it.

find_package(OpenMP REQUIRED COMPONENTS C)
option(KS_MPI "Share tasks out among processes that mpirun starts (docs/scaling.md)" OFF)
if(KS_MPI)
    find_package(MPI REQUIRED COMPONENTS C)
endif()
find_package(PkgConfig REQUIRED)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(ZIP REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(JPEG REQUIRED IMPORTED_TARGET libjpeg)
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
find_program(PROTOC_C protoc-c REQUIRED)
find_path(RANDOM123_INCLUDE Random123/philox.h REQUIRED)

option(KS_VIEWER "The commands view and record: a window by GLFW, pictures without a display by EGL" ON)
if(KS_VIEWER)
    pkg_check_modules(EGL REQUIRED IMPORTED_TARGET egl)
    pkg_check_modules(GLFW REQUIRED IMPORTED_TARGET glfw3)
endif()

set(MUJOCO_VERSION 4.0.1)
set(MUJOCO_DIR ${PROJECT_SOURCE_DIR}/.deps/mujoco-${MUJOCO_VERSION} CACHE PATH "Where scripts/setup.sh unpacked MuJoCo")
if(SKBUILD AND NOT EXISTS ${MUJOCO_DIR}/libmujoco.so.${MUJOCO_VERSION}) # a wheel is built where mujoco-core is at hand
    execute_process(COMMAND ${Python_EXECUTABLE} -c "import importlib.util as i; print(i.find_spec('mujoco').submodule_search_locations[0])"
                    OUTPUT_VARIABLE MUJOCO_DIR OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
if(NOT EXISTS ${MUJOCO_DIR}/libmujoco.so.${MUJOCO_VERSION})
    message(FATAL_ERROR "MuJoCo ${MUJOCO_VERSION} is not in ${MUJOCO_DIR}: run scripts/setup.sh first")
endif()
add_library(mujoco SHARED IMPORTED)
set_target_properties(mujoco PROPERTIES IMPORTED_LOCATION ${MUJOCO_DIR}/libmujoco.so.${MUJOCO_VERSION}
                      INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${MUJOCO_DIR}/include INTERFACE_INCLUDE_DIRECTORIES ${MUJOCO_DIR}/include)
