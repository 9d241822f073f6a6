/* a build without MPI */
#include "run/dist.h"

#include "run/cores.h"

bool ks_dist_available(void) {
    return false;
}

ks_dist* ks_dist_create(ks_error* err) {
    ks_fail(err, KS_FAILED, "this kshot was built without MPI (cmake -DKS_MPI=ON)");
    return NULL;
}

void ks_dist_destroy(ks_dist* dist) {
    (void)dist;
}

ks_team ks_dist_team(ks_dist* dist) {
    (void)dist;
    return (ks_team){0};
}

bool ks_dist_leads(const ks_dist* dist) {
    (void)dist;
    return true;
}

bool ks_dist_broadcast(ks_dist* dist, void* data, size_t bytes, ks_error* err) {
    (void)dist, (void)data, (void)bytes, (void)err;
    return true;
}

bool ks_dist_any(ks_dist* dist, bool flag) {
    (void)dist;
    return flag;
}

bool ks_dist_agree(ks_dist* dist, bool ok, ks_error* err) {
    (void)dist, (void)err;
    return ok;
}

bool ks_dist_send(ks_dist* dist, size_t to, const void* message, size_t bytes, ks_error* err) {
    (void)dist, (void)to, (void)message, (void)bytes;
    return ks_fail(err, KS_FAILED, "there is no other process");
}

bool ks_dist_receive(ks_dist* dist, bool* there, size_t* from, void* message, size_t bytes, ks_error* err) {
    (void)dist, (void)from, (void)message, (void)bytes, (void)err;
    *there = false;
    return true;
}

int ks_dist_threads(ks_dist* dist) {
    (void)dist;
    return ks_cores();
}
