# Writes the text file IN as a C array to OUT, which ROOM/models.h declares.
file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUT} "#include \"${ROOM}/models.h\"\n\nconst unsigned char ks_model_${NAME}[] = {\n${bytes}0};\n"
     "const size_t ks_model_${NAME}_size = sizeof ks_model_${NAME} - 1;\n")
