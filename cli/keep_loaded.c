/* Only for builds with sanitizers: libraries that OpenGL's drivers open stay open, so that the leak checker can name the library
 * that a leak belongs to (tests/drivers.supp says whose are none of ours) instead of "unknown module". */
#include <dlfcn.h>

__attribute__((visibility("default"))) int dlclose(void* handle) {
    (void)handle;
    return 0;
}
