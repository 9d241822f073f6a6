#include "cli/launcher.h"

#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

extern char** environ;

typedef struct launch {
    const char* by; /* NULL: nobody */
    int processes;  /* 0: it is not said how many */
} launch;

/* What the environment says. The first of these that is there counts: mpirun within a job of Slurm inherits Slurm's own. */
static launch look(void) {
    static const struct {
        const char *variable, *by;
    } SIZES[] = {{"OMPI_COMM_WORLD_SIZE", "mpirun"}, {"PMI_SIZE", "mpirun"}, {"SLURM_STEP_NUM_TASKS", "srun"}};
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        const char* size = getenv(SIZES[i].variable);
        if (size && atoi(size) > 0) {
            return (launch){SIZES[i].by, atoi(size)};
        }
    }
    /* PMIx names a process, but not how many there are; SLURM_NTASKS alone is that of a job, whose script is one process */
    const char *rank = getenv("PMIX_RANK"), *tasks = getenv("SLURM_NTASKS");
    if (!rank || !getenv("PMIX_NAMESPACE")) {
        return (launch){0};
    }
    int at_least = atoi(rank) > 0 ? atoi(rank) + 1 : 0;
    return (launch){tasks ? "srun" : "the launcher", tasks && atoi(tasks) > at_least ? atoi(tasks) : at_least};
}

bool ks_cli_join(ks_dist** dist, ks_error* err) {
    launch l = look();
    *dist = NULL;
    if (!l.by || l.processes == 1 || (l.processes == 0 && !ks_dist_available())) {
        return true;
    }
    if (!ks_dist_available()) {
        return ks_fail(err, KS_FAILED,
                       "%s started %d processes, and this kshot was built without MPI: each would train alone; build "
                       "with cmake --preset mpi, or start one (docs/scaling.md)",
                       l.by, l.processes);
    }
    *dist = ks_dist_create(err);
    if (!*dist) {
        return false;
    }
    if (l.processes > 1 && ks_dist_team(*dist).size <= 1) {
        ks_dist_destroy(*dist);
        *dist = NULL;
        return ks_fail(err, KS_FAILED,
                       "%s started %d processes, and MPI finds none but this one: start them with the mpirun of the "
                       "MPI that kshot was built with, or with srun --mpi=pmix",
                       l.by, l.processes);
    }
    return true;
}

int ks_cli_leave(ks_dist* dist, int code, ks_error* err) {
    if (dist && code != 0) { /* it is said before the first process ends: mpirun then ends the others */
        ks_cli_say(err->text);
        err->text[0] = 0;
        ks_dist_any(dist, true);
    }
    ks_dist_destroy(dist);
    return code;
}

static bool is_of_launcher(const char* variable) {
    static const char* const BEGINNINGS[] = {"OMPI_", "PMIX_", "PMI_", "SLURM_STEP_NUM_TASKS="};
    for (size_t i = 0; i < sizeof BEGINNINGS / sizeof *BEGINNINGS; i++) {
        if (strncmp(variable, BEGINNINGS[i], strlen(BEGINNINGS[i])) == 0) {
            return true;
        }
    }
    return false;
}

char** ks_cli_environment_alone(char* added) {
    size_t count = 0, kept = 0;
    while (environ[count]) {
        count++;
    }
    char** alone = calloc(count + 2, sizeof *alone);
    for (size_t i = 0; alone && i < count; i++) {
        if (!is_of_launcher(environ[i])) {
            alone[kept++] = environ[i];
        }
    }
    if (alone) {
        alone[kept] = added;
    }
    return alone;
}
