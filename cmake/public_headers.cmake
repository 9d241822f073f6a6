# Copies kshot.h from FROM to TO, with every header of the project that it includes, directly or not. There they include each
# other relative to themselves ("../base/error.h"), so that a program needs one directory to look in, and files of its own that
# have the same names are in nobody's way.
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE ${TO})
set(waiting kshot.h)
set(done "")
while(waiting)
    list(POP_FRONT waiting header)
    list(APPEND done ${header})
    file(READ ${FROM}/${header} text)
    string(REGEX MATCHALL "#include \"[^\"]+\"" includes "${text}")
    foreach(include ${includes})
        string(REGEX REPLACE "#include \"(.*)\"" "\\1" include "${include}")
        if(NOT include IN_LIST done AND NOT include IN_LIST waiting)
            list(APPEND waiting ${include})
        endif()
    endforeach()
    if(header MATCHES "/")
        string(REGEX REPLACE "#include \"" "#include \"../" text "${text}")
    endif()
    file(WRITE ${TO}/${header} "${text}")
endwhile()
