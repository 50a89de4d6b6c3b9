/* The diffusion step of BioFVM (Ghaffarizadeh, Friedman & Macklin 2016, doi:10.1093/bioinformatics/btv730), written for speed.
 *
 * One step: supply and uptake implicitly in every voxel, then an implicit Euler solve along x, y and z in turn (locally one-dimensional
 * splitting), a third of the decay in each; held voxels are overwritten after every sub-step, as BioFVM does with its Dirichlet nodes.
 * Flat arrays, coefficients computed once, lines swept eight (x) or a whole row (y, z) at a time so that the compiler vectorises across
 * them, the sub-steps of one z plane done while it is in the cache, OpenMP over planes and rows.
 *
 *   biofvm_lod PROBLEM OUT DIFFUSIVITY DECAY SPACING DT TOLERANCE STEPS...
 *
 * PROBLEM: int64 nz, ny, nx, flag of held voxels; then float64 production, loss (decay apart), initial field, held value (NaN where free;
 * present if flagged). STEPS: numbers of steps after which the field is written to OUT, one after the other; with TOLERANCE > 0 it
 * stops at the first of them where the field has changed by less than that fraction of its maximum since the one before, and fills the
 * rest of OUT with what it has. Prints "seconds per step" and the steps taken.
 */
#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 8

typedef struct {
    double ratio;     /* D dt / h^2 */
    double *inverse;  /* of the eliminated diagonal */
} Sweep;

static int64_t nz, ny, nx;
static double *field, *scale, *gain, *held;
static Sweep along[3];

static double *block(size_t count) {
    double *memory = aligned_alloc(64, (count * sizeof(double) + 63) / 64 * 64);
    if (!memory) { fprintf(stderr, "out of memory\n"); exit(1); }
    return memory;
}

static double *read_block(FILE *file, size_t count) {
    double *memory = block(count);
    if (fread(memory, sizeof(double), count, file) != count) { fprintf(stderr, "the problem file is too short\n"); exit(1); }
    return memory;
}

static Sweep eliminate(int64_t n, double ratio, double decay) {
    Sweep sweep = {ratio, block(n)};
    for (int64_t i = 0; i < n; i++) {
        double diagonal = 1 + decay + ratio * ((i > 0) + (i < n - 1));
        sweep.inverse[i] = 1 / (i ? diagonal - ratio * ratio * sweep.inverse[i - 1] : diagonal);
    }
    return sweep;
}

static void hold(double *restrict u, const double *restrict value, int64_t count) {
    for (int64_t i = 0; i < count; i++) u[i] = isnan(value[i]) ? u[i] : value[i];
}

/* Eight lines along x at once, transposed into a buffer whose fast index is the line. */
static void sweep_x(double *restrict rows, double *restrict buffer, int64_t count) {
    const Sweep s = along[2];
    for (int64_t l = 0; l < WIDTH; l++) {
        const double *row = rows + (l < count ? l : 0) * nx;
        for (int64_t i = 0; i < nx; i++) buffer[i * WIDTH + l] = row[i];
    }
    for (int64_t l = 0; l < WIDTH; l++) buffer[l] *= s.inverse[0];
    for (int64_t i = 1; i < nx; i++)
        for (int64_t l = 0; l < WIDTH; l++) buffer[i * WIDTH + l] = (buffer[i * WIDTH + l] + s.ratio * buffer[(i - 1) * WIDTH + l]) * s.inverse[i];
    for (int64_t i = nx - 2; i >= 0; i--)
        for (int64_t l = 0; l < WIDTH; l++) buffer[i * WIDTH + l] += s.ratio * s.inverse[i] * buffer[(i + 1) * WIDTH + l];
    for (int64_t l = 0; l < count; l++)
        for (int64_t i = 0; i < nx; i++) rows[l * nx + i] = buffer[i * WIDTH + l];
}

/* All lines that start in a row of nx voxels, `stride` voxels between neighbours on a line. */
static void sweep_rows(double *restrict first, int64_t stride, int64_t n, Sweep s) {
    for (int64_t i = 0; i < nx; i++) first[i] *= s.inverse[0];
    for (int64_t j = 1; j < n; j++) {
        double *restrict here = first + j * stride;
        const double *restrict before = here - stride;
        for (int64_t i = 0; i < nx; i++) here[i] = (here[i] + s.ratio * before[i]) * s.inverse[j];
    }
    for (int64_t j = n - 2; j >= 0; j--) {
        double *restrict here = first + j * stride;
        const double *restrict after = here + stride;
        double factor = s.ratio * s.inverse[j];
        for (int64_t i = 0; i < nx; i++) here[i] += factor * after[i];
    }
}

static void march(int64_t steps) {
    int64_t plane = ny * nx;
#pragma omp parallel
    {
        double *buffer = block(nx * WIDTH);
        for (int64_t step = 0; step < steps; step++) {
#pragma omp for schedule(static)
            for (int64_t k = 0; k < nz; k++) {
                double *restrict u = field + k * plane;
                const double *restrict a = scale + k * plane, *restrict b = gain + k * plane;
                for (int64_t i = 0; i < plane; i++) u[i] = u[i] * a[i] + b[i];
                if (held) hold(u, held + k * plane, plane);
                for (int64_t j = 0; j < ny; j += WIDTH) sweep_x(u + j * nx, buffer, ny - j < WIDTH ? ny - j : WIDTH);
                if (held) hold(u, held + k * plane, plane);
                sweep_rows(u, nx, ny, along[1]);
                if (held) hold(u, held + k * plane, plane);
            }
#pragma omp for schedule(static)
            for (int64_t j = 0; j < ny; j++) {
                sweep_rows(field + j * nx, plane, nz, along[0]);
                if (held)
                    for (int64_t k = 0; k < nz; k++) hold(field + k * plane + j * nx, held + k * plane + j * nx, nx);
            }
        }
        free(buffer);
    }
}

int main(int count, char **argument) {
    if (count < 9) { fprintf(stderr, "see the head of biofvm_lod.c\n"); return 2; }
    double diffusivity = atof(argument[3]), decay = atof(argument[4]), spacing = atof(argument[5]), dt = atof(argument[6]), tolerance = atof(argument[7]);
    FILE *problem = fopen(argument[1], "rb"), *out = fopen(argument[2], "wb");
    int64_t header[4];
    if (!problem || !out || fread(header, sizeof(int64_t), 4, problem) != 4) { fprintf(stderr, "cannot read the problem or write the result\n"); return 1; }
    nz = header[0], ny = header[1], nx = header[2];
    size_t voxels = (size_t)nz * ny * nx;
    double *production = read_block(problem, voxels), *loss = read_block(problem, voxels);
    field = read_block(problem, voxels);
    held = header[3] ? read_block(problem, voxels) : NULL;
    fclose(problem);
    scale = loss, gain = production;
    for (size_t i = 0; i < voxels; i++) {
        scale[i] = 1 / (1 + dt * loss[i]);
        gain[i] = dt * production[i] * scale[i];
    }
    double ratio = diffusivity * dt / (spacing * spacing), third = decay * dt / 3;
    along[0] = eliminate(nz, ratio, third), along[1] = eliminate(ny, ratio, third), along[2] = eliminate(nx, ratio, third);
    double *earlier = tolerance > 0 ? block(voxels) : NULL;
    double seconds = 0;
    int64_t taken = 0;
    int settled = 0;
    for (int i = 8; i < count; i++) {
        int64_t wanted = atoll(argument[i]);
        if (!settled && wanted > taken) {
            if (earlier) memcpy(earlier, field, voxels * sizeof(double));
            double start = omp_get_wtime();
            march(wanted - taken);
            seconds += omp_get_wtime() - start;
            taken = wanted;
            if (earlier) {
                double change = 0, largest = 0;
                for (size_t v = 0; v < voxels; v++) change = fmax(change, fabs(field[v] - earlier[v])), largest = fmax(largest, fabs(field[v]));
                settled = change < tolerance * largest;
            }
        }
        fwrite(field, sizeof(double), voxels, out);
    }
    fclose(out);
    printf("%.9g %lld\n", taken ? seconds / taken : 0.0, (long long)taken);
    return 0;
}
