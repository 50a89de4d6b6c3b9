/* Conjugate gradients with hypre's PFMG multigrid on a seven-point system from a file.
 *
 *   mpirun -np P hypre_pfmg PROBLEM OUT TOLERANCE REPEATS RAP RELAX
 *
 * PROBLEM: int64 nz, ny, nx; then float64 [z, y, x] each: loss, rates to the next voxel along z, y and x (zero at the last voxel of an axis),
 * right-hand side. The box is cut along z. TOLERANCE is that of the residual's 2-norm over the right-hand side's. The solution goes to OUT.
 * Prints one line per repeat: seconds of set-up, seconds of solution, iterations.
 */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "HYPRE.h"
#include "HYPRE_struct_ls.h"

static double *allocate(size_t count) {
    double *memory = malloc(count * sizeof(double));
    if (!memory) { fprintf(stderr, "out of memory\n"); MPI_Abort(MPI_COMM_WORLD, 1); }
    return memory;
}

/* Planes first .. first + count - 1 of array number `which`; planes below the box are zero. */
static double *read_planes(FILE *file, const int64_t *size, int which, int64_t first, int64_t count) {
    size_t plane = (size_t)size[1] * size[2], begin = first < 0 ? 1 : 0;
    double *memory = allocate(plane * count);
    for (size_t i = 0; i < plane * begin; i++) memory[i] = 0;
    size_t place = 3 * sizeof(int64_t) + (which * (size_t)size[0] + first + begin) * plane * sizeof(double);
    if (fseek(file, (long)place, SEEK_SET) || fread(memory + plane * begin, sizeof(double), plane * (count - begin), file) != plane * (count - begin)) {
        fprintf(stderr, "the problem file is too short\n");
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    return memory;
}

int main(int count, char **argument) {
    MPI_Init(&count, &argument);
    HYPRE_Init();
    int rank, processes;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &processes);
    FILE *file = count == 7 ? fopen(argument[1], "rb") : NULL;
    int64_t size[3];
    if (!file || fread(size, sizeof(int64_t), 3, file) != 3) { fprintf(stderr, "see the head of hypre_pfmg.c\n"); MPI_Abort(MPI_COMM_WORLD, 2); }
    double tolerance = atof(argument[3]);
    int repeats = atoi(argument[4]), rap = atoi(argument[5]), relax = atoi(argument[6]);

    int64_t from = size[0] * rank / processes, to = size[0] * (rank + 1) / processes, planes = to - from;
    size_t plane = (size_t)size[1] * size[2], voxels = plane * planes;
    int lower[3] = {0, 0, (int)from}, upper[3] = {(int)size[2] - 1, (int)size[1] - 1, (int)to - 1};
    double *loss = read_planes(file, size, 0, from, planes), *right = read_planes(file, size, 4, from, planes);
    double *rate_z = read_planes(file, size, 1, from - 1, planes + 1);
    double *rate_y = read_planes(file, size, 2, from, planes), *rate_x = read_planes(file, size, 3, from, planes);
    fclose(file);

    double *values = allocate(4 * voxels);
    size_t p = 0;
    for (int64_t k = 0; k < planes; k++)
        for (int64_t j = 0; j < size[1]; j++)
            for (int64_t i = 0; i < size[2]; i++, p++) {
                double west = i ? rate_x[p - 1] : 0, south = j ? rate_y[p - size[2]] : 0, below = rate_z[p];
                values[4 * p] = loss[p] + west + south + below + rate_x[p] + rate_y[p] + rate_z[p + plane];
                values[4 * p + 1] = -west;
                values[4 * p + 2] = -south;
                values[4 * p + 3] = -below;
            }

    HYPRE_StructGrid grid;
    HYPRE_StructGridCreate(MPI_COMM_WORLD, 3, &grid);
    HYPRE_StructGridSetExtents(grid, lower, upper);
    HYPRE_StructGridAssemble(grid);
    HYPRE_StructStencil stencil;
    int offsets[4][3] = {{0, 0, 0}, {-1, 0, 0}, {0, -1, 0}, {0, 0, -1}}, entries[4] = {0, 1, 2, 3};
    HYPRE_StructStencilCreate(3, 4, &stencil);
    for (int e = 0; e < 4; e++) HYPRE_StructStencilSetElement(stencil, e, offsets[e]);
    HYPRE_StructMatrix matrix;
    HYPRE_StructMatrixCreate(MPI_COMM_WORLD, grid, stencil, &matrix);
    HYPRE_StructMatrixSetSymmetric(matrix, 1);
    HYPRE_StructMatrixInitialize(matrix);
    HYPRE_StructMatrixSetBoxValues(matrix, lower, upper, 4, entries, values);
    HYPRE_StructMatrixAssemble(matrix);
    HYPRE_StructVector known, unknown;
    HYPRE_StructVectorCreate(MPI_COMM_WORLD, grid, &known);
    HYPRE_StructVectorInitialize(known);
    HYPRE_StructVectorSetBoxValues(known, lower, upper, right);
    HYPRE_StructVectorAssemble(known);
    HYPRE_StructVectorCreate(MPI_COMM_WORLD, grid, &unknown);
    HYPRE_StructVectorInitialize(unknown);
    HYPRE_StructVectorAssemble(unknown);

    for (int repeat = 0; repeat < repeats; repeat++) {
        HYPRE_StructVectorSetConstantValues(unknown, 0.0);
        HYPRE_StructSolver solver, cycle;
        MPI_Barrier(MPI_COMM_WORLD);
        double start = MPI_Wtime();
        HYPRE_StructPCGCreate(MPI_COMM_WORLD, &solver);
        HYPRE_StructPCGSetTol(solver, tolerance);
        HYPRE_StructPCGSetMaxIter(solver, 200);
        HYPRE_StructPCGSetTwoNorm(solver, 1);
        HYPRE_StructPFMGCreate(MPI_COMM_WORLD, &cycle);
        HYPRE_StructPFMGSetMaxIter(cycle, 1);
        HYPRE_StructPFMGSetTol(cycle, 0.0);
        HYPRE_StructPFMGSetZeroGuess(cycle);
        HYPRE_StructPFMGSetRAPType(cycle, rap);
        HYPRE_StructPFMGSetRelaxType(cycle, relax);
        HYPRE_StructPFMGSetNumPreRelax(cycle, 1);
        HYPRE_StructPFMGSetNumPostRelax(cycle, 1);
        HYPRE_StructPFMGSetSkipRelax(cycle, 0);
        HYPRE_StructPCGSetPrecond(solver, HYPRE_StructPFMGSolve, HYPRE_StructPFMGSetup, cycle);
        HYPRE_StructPCGSetup(solver, matrix, known, unknown);
        MPI_Barrier(MPI_COMM_WORLD);
        double ready = MPI_Wtime();
        HYPRE_StructPCGSolve(solver, matrix, known, unknown);
        MPI_Barrier(MPI_COMM_WORLD);
        double end = MPI_Wtime();
        int iterations;
        HYPRE_StructPCGGetNumIterations(solver, &iterations);
        if (!rank) printf("%.6f %.6f %d\n", ready - start, end - ready, iterations);
        HYPRE_StructPFMGDestroy(cycle);
        HYPRE_StructPCGDestroy(solver);
    }

    double *solution = allocate(voxels);
    HYPRE_StructVectorGetBoxValues(unknown, lower, upper, solution);
    MPI_File out;
    MPI_File_open(MPI_COMM_WORLD, argument[2], MPI_MODE_CREATE | MPI_MODE_WRONLY, MPI_INFO_NULL, &out);
    MPI_File_write_at_all(out, (MPI_Offset)(from * plane * sizeof(double)), solution, (int)voxels, MPI_DOUBLE, MPI_STATUS_IGNORE);
    MPI_File_close(&out);
    MPI_Finalize();
    return 0;
}
