# SPDX-License-Identifier: MIT
# cmake -DFOLDER=… -DOUT=… -P embed.cmake: page.css and page.js as a source file. Compilers take literals of 64 KB; ours are
# far smaller.
set(text "// SPDX-License-Identifier: MIT\n// Made from page.css and page.js.\n#include \"reports/page/assets.h\"\n\nnamespace lockstep::reports {\n")
foreach(asset Style:css Script:js)
  string(REPLACE ":" ";" parts ${asset})
  list(GET parts 0 name)
  list(GET parts 1 suffix)
  file(READ ${FOLDER}/page.${suffix} content)
  file(SHA256 ${FOLDER}/page.${suffix} digest)
  string(APPEND text "constexpr char k${name}Text[] = R\"asset(${content})asset\";\n")
  string(APPEND text "const Asset kPage${name} = {k${name}Text, \"${digest}\"};\n")
endforeach()
string(APPEND text "}  // namespace lockstep::reports\n")
file(WRITE ${OUT} "${text}")
