# Writes the text files FILES (with | between) as one table of C arrays to OUT: ks_NAME_files and ks_NAME_files_count, which
# ROOM/NAME.h declares.
string(REPLACE "|" ";" FILES "${FILES}")
set(arrays "")
set(rows "")
set(i 0)
foreach(file ${FILES})
    get_filename_component(base ${file} NAME)
    get_filename_component(stem ${file} NAME_WLE)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
    string(APPEND arrays "static const unsigned char file_${i}[] = { /* ${base} */\n${bytes}0};\n")
    string(APPEND rows "    {\"${base}\", \"${stem}\", file_${i}, sizeof file_${i} - 1},\n")
    math(EXPR i "${i} + 1")
endforeach()
file(WRITE ${OUT} "#include \"${ROOM}/${NAME}.h\"\n\n${arrays}\nconst ks_${NAME}_file ks_${NAME}_files[] = {\n${rows}};\n"
     "const size_t ks_${NAME}_files_count = ${i};\n")
