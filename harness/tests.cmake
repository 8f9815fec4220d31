# SPDX-License-Identifier: MIT
# The tests of the layers os, text, protocol, adapter and engine.
find_package(rapidcheck REQUIRED)
find_package(Python3 3.8 REQUIRED COMPONENTS Interpreter)
# The interpreter itself: what is found may be a script that looks for it, slowly.
execute_process(COMMAND ${Python3_EXECUTABLE} -c "import sys; print(sys.executable)"
  OUTPUT_VARIABLE lockstep_tests_python OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)

# What they share. The program is what supervisors are made to run.
add_library(lockstep_os_testing os/testing_support.cc)
target_link_libraries(lockstep_os_testing PUBLIC lockstep_os PRIVATE lockstep_options)
add_executable(lockstep-testing-program os/testing_program.cc)
target_link_libraries(lockstep-testing-program PRIVATE lockstep_os lockstep_options)

lockstep_test(os_test
  os/affinity_test.cc
  os/call_tracer_test.cc
  os/channel_test.cc
  os/clock_test.cc
  os/command_test.cc
  os/interrupt_test.cc
  os/names_test.cc
  os/output_file_test.cc
  os/process_view_test.cc
  os/result_test.cc
  os/supervisor_kill_test.cc
  os/supervisor_shm_test.cc
  os/supervisor_test.cc
  os/text_file_test.cc
  LIBS lockstep_os_testing
  LABELS unit)
target_compile_definitions(os_test PRIVATE LOCKSTEP_TESTING_PROGRAM="$<TARGET_FILE:lockstep-testing-program>")
add_dependencies(os_test lockstep-testing-program)

lockstep_test(toml_file_test text/toml_file_test.cc LIBS lockstep_text LABELS unit)

lockstep_test(protocol_test
  protocol/codec_property_test.cc
  protocol/codec_test.cc
  protocol/line_buffer_test.cc
  protocol/request_test.cc
  protocol/value_test.cc
  LIBS lockstep_protocol rapidcheck rapidcheck_gtest
  LABELS unit)

# Adapters for sessions: the reference's, and the misbehaving ones, which are Python.
add_library(lockstep_adapter_testing adapter/testing_session.cc)
target_link_libraries(lockstep_adapter_testing PUBLIC lockstep_adapter lockstep_os_testing PRIVATE lockstep_options)
target_compile_definitions(lockstep_adapter_testing PUBLIC
  LOCKSTEP_PYTHON="${lockstep_tests_python}"
  LOCKSTEP_ROOT="${PROJECT_SOURCE_DIR}"
  LOCKSTEP_REFERENCE_ADAPTER="$<TARGET_FILE:lockstep-adapter-reference>")
add_dependencies(lockstep_adapter_testing lockstep-adapter-reference)

lockstep_test(adapter_test
  adapter/implementation_test.cc
  adapter/misbehaviour_test.cc
  adapter/session_test.cc
  LIBS lockstep_adapter_testing
  LABELS unit)

add_library(lockstep_engine_testing engine/testing_run.cc)
target_link_libraries(lockstep_engine_testing PUBLIC lockstep_engine lockstep_adapter_testing PRIVATE lockstep_options)

lockstep_test(engine_test
  engine/blocking_test.cc
  engine/certificate_test.cc
  engine/defects_test.cc
  engine/executor_faults_test.cc
  engine/executor_test.cc
  engine/matching_test.cc
  engine/runner_test.cc
  engine/timing_test.cc
  engine/trace_test.cc
  LIBS lockstep_engine_testing
  LABELS unit)
