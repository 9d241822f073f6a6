#include "nn/linear.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* y (n) += s x (n) */
static void add_scaled(double* restrict y, double s, const double* restrict x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        y[i] = fma(s, x[i], y[i]);
    }
}

static double dot(const double* x, const double* y, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum = fma(x[i], y[i], sum);
    }
    return sum;
}

/* ---- Cholesky ------------------------------------------------------------------------------------------------------- */

bool ks_cholesky_solve(double* a, double* b, size_t n) {
    for (size_t j = 0; j < n; j++) { /* row j of U, then what is left of the rows below, and of b */
        double* row = a + j * n;
        if (!(row[j] > 0) || !isfinite(row[j])) {
            return false;
        }
        double diagonal = sqrt(row[j]);
        row[j] = diagonal;
        for (size_t i = j + 1; i < n; i++) {
            row[i] /= diagonal;
        }
        for (size_t i = j + 1; i < n; i++) {
            add_scaled(a + i * n + i, -row[i], row + i, n - i);
        }
        b[j] /= diagonal;
        add_scaled(b + j + 1, -b[j], row + j + 1, n - j - 1);
    }
    for (size_t j = n; j-- > 0;) { /* U x = b */
        b[j] = (b[j] - dot(a + j * n + j + 1, b + j + 1, n - j - 1)) / a[j * n + j];
    }
    return true;
}

/* ---- eigenvalues ---------------------------------------------------------------------------------------------------- */

/* The reflection H = I - beta v vᵀ, v_0 = 1, that turns x (n) into (±‖x‖, 0 … 0)ᵀ; v may be x. Returns beta; *image is what
 * x_0 becomes. */
static double householder(double* v, double* image, const double* x, size_t n) {
    double below = dot(x + 1, x + 1, n - 1);
    if (!(below > 0)) { /* nothing to turn */
        *image = x[0];
        return 0;
    }
    double norm = copysign(sqrt(fma(x[0], x[0], below)), x[0]);
    double pivot = x[0] + norm; /* no cancellation: both have the same sign */
    for (size_t i = 1; i < n; i++) {
        v[i] = x[i] / pivot;
    }
    v[0] = 1;
    *image = -norm;
    return pivot / norm;
}

/* A becomes tridiagonal: its diagonal in d (n), what is beside it in e (n, of which the last is not used). Row k of A keeps the reflection that made it, in
 * columns k+1 …, and beta (n) what belongs to it. */
static void tridiagonalise(double* d, double* e, double* beta, double* a, size_t n) {
    double* p = d; /* d_i is known from row i on, and p needs the places behind */
    for (size_t k = 0; k + 1 < n; k++) {
        double* v = a + k * n + k + 1;
        size_t m = n - k - 1; /* size of what is left: B = A[k+1…, k+1…] */
        double* b = a + (k + 1) * n + k + 1;
        d[k] = a[k * n + k];
        beta[k] = householder(v, &e[k], v, m);
        if (beta[k] == 0) {
            continue;
        }
        /* B ← H B H = B - v wᵀ - w vᵀ, w = p - (beta pᵀv / 2) v, p = beta B v */
        double* w = p + k + 1;
        memset(w, 0, m * sizeof *w);
        for (size_t i = 0; i < m; i++) {
            add_scaled(w, v[i], b + i * n, m);
        }
        for (size_t i = 0; i < m; i++) {
            w[i] *= beta[k];
        }
        add_scaled(w, -0.5 * beta[k] * dot(w, v, m), v, m);
        for (size_t i = 0; i < m; i++) {
            double* row = b + i * n;
            for (size_t j = 0; j < m; j++) {
                row[j] = fma(-v[i], w[j], fma(-w[i], v[j], row[j]));
            }
        }
    }
    d[n - 1] = a[n * n - 1];
}

/* The rows of u become those of the matrix that made A tridiagonal: u = (H_0 H_1 …)ᵀ. t (n) is memory. */
static void accumulate(double* u, const double* beta, const double* a, double* t, size_t n) {
    memset(u, 0, n * n * sizeof *u);
    for (size_t i = 0; i < n; i++) {
        u[i * n + i] = 1;
    }
    /* from the last reflection to the first, each touches only rows and columns behind its own: H_0 (H_1 (H_2 …)) is built,
     * whose transpose is wanted */
    for (size_t k = n - 1; k-- > 0;) {
        if (beta[k] == 0) {
            continue;
        }
        const double* v = a + k * n + k + 1;
        size_t m = n - k - 1;
        double* block = u + (k + 1) * n + k + 1;
        memset(t, 0, m * sizeof *t);
        for (size_t i = 0; i < m; i++) {
            add_scaled(t, v[i], block + i * n, m);
        }
        for (size_t i = 0; i < m; i++) {
            add_scaled(block + i * n, -beta[k] * v[i], t, m);
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            double swap = u[i * n + j];
            u[i * n + j] = u[j * n + i];
            u[j * n + i] = swap;
        }
    }
}

/* rows x and y (n) become c x - s y and s x + c y */
static void rotate(double* restrict x, double* restrict y, double c, double s, size_t n) {
    for (size_t i = 0; i < n; i++) {
        double xi = x[i];
        x[i] = fma(c, xi, -s * y[i]);
        y[i] = fma(s, xi, c * y[i]);
    }
}

/* One implicit QL step on rows first … last of the tridiagonal matrix, with Wilkinson's shift. */
static void ql_step(double* d, double* e, double* u, size_t n, size_t first, size_t last) {
    double g = (d[first + 1] - d[first]) / (2 * e[first]);
    double r = sqrt(fma(g, g, 1));
    g = d[last] - d[first] + e[first] / (g + copysign(r, g));
    double s = 1, c = 1, p = 0;
    for (size_t i = last; i-- > first;) {
        double f = s * e[i];
        double b = c * e[i];
        r = sqrt(fma(f, f, g * g));
        e[i + 1] = r;
        if (r == 0) { /* the matrix falls apart here: what is done so far counts */
            d[i + 1] -= p;
            e[last] = 0;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        rotate(u + i * n, u + (i + 1) * n, c, s, n);
    }
    d[first] -= p;
    e[first] = g;
    e[last] = 0;
}

/* All eigenvalues of the tridiagonal matrix; u is rotated along. */
static bool ql(double* d, double* e, double* u, size_t n) {
    enum { MOST_STEPS = 60 }; /* for one eigenvalue; two or three are usual */
    double size = 0;          /* what is this small beside it cannot be told from 0 */
    for (size_t i = 0; i < n; i++) {
        size = fmax(size, fabs(d[i]) + (i + 1 < n ? fabs(e[i]) : 0));
    }
    for (size_t first = 0; first < n; first++) {
        for (int step = 0;; step++) {
            size_t last = first; /* the first place from here where the matrix falls apart */
            while (last + 1 < n && !(fabs(e[last]) <= DBL_EPSILON * size)) {
                last++;
            }
            if (last == first) {
                break;
            }
            if (step == MOST_STEPS) {
                return false;
            }
            ql_step(d, e, u, n, first, last);
        }
    }
    return true;
}

bool ks_eigen_symmetric(double* u, double* eigenvalues, double* a, size_t n, double* work) {
    double *e = work, *beta = work + n, *t = work + 2 * n;
    double largest = 0;
    for (size_t i = 0; i < n * n; i++) {
        if (!isfinite(a[i])) {
            return false;
        }
        largest = fmax(largest, fabs(a[i]));
    }
    /* to elements around 1, exactly: so that squares neither overflow nor vanish */
    int exponent = largest > 0 ? ilogb(largest) : 0;
    exponent = exponent < -1000 ? -1000 : exponent > 1000 ? 1000 : exponent;
    for (size_t i = 0; i < n * n; i++) {
        a[i] *= ldexp(1, -exponent);
    }
    tridiagonalise(eigenvalues, e, beta, a, n);
    accumulate(u, beta, a, t, n);
    if (!ql(eigenvalues, e, u, n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        eigenvalues[i] *= ldexp(1, exponent);
    }
    return true;
}
