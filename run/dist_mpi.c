#include "run/dist.h"

#include "run/cores.h"

#include <limits.h>
#include <mpi.h>
#include <stdlib.h>

struct ks_dist {
    int rank, size;
    int* counts; /* (size) numbers that each process sends, */
    int* starts; /* (size) and where they go */
};

bool ks_dist_available(void) {
    return true;
}

static bool check(int code, const char* what, ks_error* err) {
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    if (code == MPI_SUCCESS) {
        return true;
    }
    MPI_Error_string(code, text, &length);
    return ks_fail(err, KS_FAILED, "MPI: %s: %.200s", what, text);
}

ks_dist* ks_dist_create(ks_error* err) {
    int provided;
    if (!check(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided), "start", err)) {
        return NULL;
    }
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    ks_dist* d = calloc(1, sizeof *d);
    if (d) {
        MPI_Comm_rank(MPI_COMM_WORLD, &d->rank);
        MPI_Comm_size(MPI_COMM_WORLD, &d->size);
        d->counts = malloc((size_t)d->size * sizeof *d->counts);
        d->starts = malloc((size_t)d->size * sizeof *d->starts);
    }
    if (!d || !d->counts || !d->starts) {
        ks_fail(err, KS_FAILED, "not enough memory");
        ks_dist_destroy(d);
        return NULL;
    }
    return d;
}

void ks_dist_destroy(ks_dist* d) {
    if (d) {
        free(d->counts);
        free(d->starts);
        free(d);
        MPI_Finalize();
    }
}

static bool gather(void* user, double* all, const double* own, size_t tasks, size_t n, ks_error* err) {
    ks_dist* d = user;
    if (tasks * n > INT_MAX) { /* MPI counts in int */
        return ks_fail(err, KS_FAILED, "MPI: %zu numbers are too many to gather at once", tasks * n);
    }
    for (int r = 0; r < d->size; r++) {
        size_t first = ks_team_first(tasks, (size_t)r, (size_t)d->size);
        d->starts[r] = (int)(first * n);
        d->counts[r] = (int)((ks_team_first(tasks, (size_t)r + 1, (size_t)d->size) - first) * n);
    }
    return check(
        MPI_Allgatherv(own, d->counts[d->rank], MPI_DOUBLE, all, d->counts, d->starts, MPI_DOUBLE, MPI_COMM_WORLD),
        "gather", err);
}

ks_team ks_dist_team(ks_dist* d) {
    return d ? (ks_team){.rank = (size_t)d->rank, .size = (size_t)d->size, .user = d, .gather = gather} : (ks_team){0};
}

bool ks_dist_leads(const ks_dist* d) {
    return !d || d->rank == 0;
}

bool ks_dist_broadcast(ks_dist* d, void* data, size_t bytes, ks_error* err) {
    if (!d) {
        return true;
    }
    if (bytes > INT_MAX) {
        return ks_fail(err, KS_FAILED, "MPI: %zu bytes are too many to send at once", bytes);
    }
    return check(MPI_Bcast(data, (int)bytes, MPI_BYTE, 0, MPI_COMM_WORLD), "broadcast", err);
}

bool ks_dist_any(ks_dist* d, bool flag) {
    int mine = flag, any = flag;
    if (d && MPI_Allreduce(&mine, &any, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD) != MPI_SUCCESS) {
        return true;
    }
    return any != 0;
}

bool ks_dist_agree(ks_dist* d, bool ok, ks_error* err) {
    enum { CODES = 256 };
    if (!d) {
        return ok;
    }
    /* of those that failed, one that says why counts; then the first */
    long long speaker = *err->text ? d->rank : d->size + d->rank;
    long long mine = ok ? LLONG_MAX : speaker * CODES + err->code, first;
    if (!check(MPI_Allreduce(&mine, &first, 1, MPI_LONG_LONG, MPI_MIN, MPI_COMM_WORLD), "agree", err)) {
        return false;
    }
    if (first != LLONG_MAX && first != mine) {
        *err = (ks_error){.code = (ks_code)(first % CODES)};
    }
    return first == LLONG_MAX;
}

/* ---- messages -------------------------------------------------------------------------------------------------------------- */

bool ks_dist_send(ks_dist* d, size_t to, const void* message, size_t bytes, ks_error* err) {
    (void)d;
    return check(MPI_Send(message, (int)bytes, MPI_BYTE, (int)to, 0, MPI_COMM_WORLD), "send", err);
}

bool ks_dist_receive(ks_dist* d, bool* there, size_t* from, void* message, size_t bytes, ks_error* err) {
    MPI_Status status;
    int came = 0;
    *there = false;
    if (!d) {
        return true;
    }
    if (!check(MPI_Iprobe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, &came, &status), "look for a message", err)) {
        return false;
    }
    if (!came) {
        return true;
    }
    *from = (size_t)status.MPI_SOURCE;
    *there = check(MPI_Recv(message, (int)bytes, MPI_BYTE, status.MPI_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE),
                   "receive", err);
    return *there;
}

/* ---- cores ------------------------------------------------------------------------------------------------------------------ */

int ks_dist_threads(ks_dist* d) {
    MPI_Comm machine;
    int rank, size, threads = ks_cores();
    if (!d || MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine) != MPI_SUCCESS) {
        return threads;
    }
    MPI_Comm_rank(machine, &rank);
    MPI_Comm_size(machine, &size);
    ks_core_set own = ks_core_set_own();
    ks_core_set* all = calloc((size_t)size, sizeof *all);
    if (all && MPI_Allgather(&own, sizeof own, MPI_BYTE, all, sizeof own, MPI_BYTE, machine) == MPI_SUCCESS) {
        threads = ks_core_set_share(all, (size_t)size, (size_t)rank, ks_cgroup_cpus(""));
    }
    free(all);
    MPI_Comm_free(&machine);
    return threads;
}
