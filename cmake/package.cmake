# cpack -G DEB, in the folder of the build: the command as a package for Debian 12 (docs/install.md).
#
# No archive of Debian has MuJoCo, so that its library comes along; it stands in a folder of its own, where no other program finds it.

set(debian ${PROJECT_BINARY_DIR}/debian)
install(FILES ${MUJOCO_DIR}/libmujoco.so.${MUJOCO_VERSION} DESTINATION lib/kshot COMPONENT package EXCLUDE_FROM_ALL)
file(WRITE ${debian}/copyright "kshot: Apache-2.0, /usr/share/common-licenses/Apache-2.0
Copyright (C) 2026 the kshot authors

/usr/lib/kshot/libmujoco.so.${MUJOCO_VERSION}: Apache-2.0, LICENSE.mujoco and LICENSES_THIRD_PARTY.mujoco.md in this folder
Copyright (C) DeepMind Technologies Limited

Random123 is compiled in: LICENSE.random123 in this folder
Copyright (C) D. E. Shaw Research
")
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC) # SOURCE_DATE_EPOCH, if it is set
file(WRITE ${debian}/changelog "kshot (${PROJECT_VERSION}) unstable; urgency=medium

  * Version ${PROJECT_VERSION}.

 -- The kshot authors <kshot@example.org>  ${now}
")
install(FILES ${debian}/copyright ${debian}/changelog DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT package EXCLUDE_FROM_ALL)
# as Debian's policy wants them: texts compressed, without a time in it; libraries without what linkers alone look at
install(CODE "set(root \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
    file(GLOB texts \"\${root}/${CMAKE_INSTALL_MANDIR}/man?/*.?\" \"\${root}/${CMAKE_INSTALL_DOCDIR}/changelog\")
    execute_process(COMMAND gzip -9n -f \${texts} COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND ${CMAKE_STRIP} --strip-unneeded \"\${root}/lib/kshot/libmujoco.so.${MUJOCO_VERSION}\"
                    COMMAND_ERROR_IS_FATAL ANY)" COMPONENT package EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME kshot)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The kshot authors <kshot@example.org>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL command package) # in this order: what is installed first is compressed
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${MUJOCO_DIR})
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "gnuplot-nox, ffmpeg, libgl1-mesa-dri")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "meta-learning: models that learn a new task from a few tries
kshot trains policies for MuJoCo worlds, classifiers of images and models of
curves, which then learn a task that they have not seen by a few gradient
steps: MAML and its kin, with exact second derivatives.")
include(CPack)
