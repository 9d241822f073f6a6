# Writes which commit SOURCE is to the header OUT, where that has changed: KS_COMMIT ("unknown" where SOURCE is no clone, as from a
# tarball) and KS_COMMIT_DATE ("").
cmake_minimum_required(VERSION 3.25)

function(ask_git result)
    execute_process(COMMAND git -C ${SOURCE} ${ARGN} OUTPUT_VARIABLE said ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    set(${result} "${said}" PARENT_SCOPE)
endfunction()

set(commit unknown)
set(date "")
ask_git(top rev-parse --show-toplevel)
file(REAL_PATH "${SOURCE}" source)
if(top STREQUAL source) # and not a clone that the tarball was unpacked in
    ask_git(commit describe --always --dirty --exclude *)
    ask_git(date log -1 --format=%cs)
endif()
set(text "#define KS_COMMIT \"${commit}\"\n#define KS_COMMIT_DATE \"${date}\"\n")
if(EXISTS ${OUT})
    file(READ ${OUT} before)
endif()
if(NOT text STREQUAL before)
    file(WRITE ${OUT} "${text}")
endif()
