# SPDX-License-Identifier: MIT
#
# Installs the library, moves the installation, and builds and runs the examples on it in both ways:
# by find_package() and by pkg-config. Then the examples must be those that README.md shows.
#
# cmake -D BUILD_DIR=... -D SOURCE_DIR=... -D CXX=... -D CXX_FLAGS=... -D LIBDIR=... -D PKG_CONFIG=...
#       -D GENERATOR=...
#       -P install_test.cmake
cmake_minimum_required(VERSION 3.25)

set(work ${BUILD_DIR}/install_test)
file(REMOVE_RECURSE ${work})
separate_arguments(flags UNIX_COMMAND "${CXX_FLAGS}")

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output
                  ERROR_VARIABLE output OUTPUT_STRIP_TRAILING_WHITESPACE TIMEOUT 100)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGN} ended with ${status}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

set(examples main event)
set(main_output "mine: 1, count: 1")
set(event_output "set: 1")

function(run_example name program)
  run(${program})
  if(NOT output STREQUAL ${name}_output)
    message(FATAL_ERROR "${program} printed '${output}'")
  endif()
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${work}/first --component semlock)
# What still points to the first place now points to nothing.
file(RENAME ${work}/first ${work}/moved)
set(ENV{LD_LIBRARY_PATH} ${work}/moved/${LIBDIR})

run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${SOURCE_DIR}/example -B ${work}/by_cmake
    -DCMAKE_CXX_COMPILER=${CXX}
    -DCMAKE_CXX_FLAGS=${CXX_FLAGS} -DCMAKE_PREFIX_PATH=${work}/moved)
run(${CMAKE_COMMAND} --build ${work}/by_cmake)
foreach(name ${examples})
  run_example(${name} ${work}/by_cmake/${name})
endforeach()

if(PKG_CONFIG)
  set(ENV{PKG_CONFIG_PATH} ${work}/moved/${LIBDIR}/pkgconfig)
  run(${PKG_CONFIG} --cflags --libs semlock)
  separate_arguments(package UNIX_COMMAND "${output}")
  foreach(name ${examples})
    run(${CXX} -std=c++20 ${flags} ${SOURCE_DIR}/example/${name}.cc
        -o ${work}/by_pkg_config_${name} ${package})
    run_example(${name} ${work}/by_pkg_config_${name})
  endforeach()
endif()

file(READ ${SOURCE_DIR}/README.md readme)
foreach(name ${examples})
  file(READ ${SOURCE_DIR}/example/${name}.cc example)
  string(REGEX REPLACE "^// SPDX[^\n]*\n" "" example "${example}")
  string(FIND "${readme}" "${example}" position)
  if(position EQUAL -1)
    message(FATAL_ERROR "README.md does not show example/${name}.cc as it is")
  endif()
endforeach()
file(REMOVE_RECURSE ${work})
