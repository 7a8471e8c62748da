/* plain FOLDER: what --exact promises, in plain scalar C. Reads x, kernel, bias, back and dense, all .npy of f32, and writes the
 * bytes of the elements of image and of shares: each sum with one accumulator, in ascending order of the formula's indices. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { C = 18, H = 9, W = 11, O = 37, U = 6, UH = 2 * H + 1, UW = 2 * W + 1, N = C * H * W, M = 29 };

static float x[C][H][W], kernel[O][C][3][3], bias[O], back[O][U][3][3], dense[N][M];
static float middle[O][H][W], image[U][UH][UW], shares[M];

static void load(const char *folder, const char *name, void *data, size_t bytes)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.npy", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, -(long)bytes, SEEK_END) != 0 || fread(data, 1, bytes, file) != bytes) exit(1);
    fclose(file);
}

static void save(const char *folder, const char *name, const void *data, size_t bytes)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.bytes", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, bytes, file) != bytes || fclose(file) != 0) exit(1);
}

static float convolved(int o, int r, int c)
{
    float sum = 0;
    for (int i = 0; i < C; i++)
        for (int ky = 0; ky < 3; ky++)
            for (int kx = 0; kx < 3; kx++) {
                int y = r + ky - 1, z = c + kx - 1;
                float value = y >= 0 && y < H && z >= 0 && z < W ? x[i][y][z] : 0;
                sum = sum + value * kernel[o][i][ky][kx];
            }
    return sum + bias[o];
}

static float transposed(int u, int r, int c)
{
    float sum = 0;
    for (int o = 0; o < O; o++)
        for (int ky = 0; ky < 3; ky++)
            for (int kx = 0; kx < 3; kx++) {
                int y = r - ky, z = c - kx;
                if (y < 0 || z < 0 || y % 2 || z % 2 || y / 2 >= H || z / 2 >= W) continue;
                sum = sum + middle[o][y / 2][z / 2] * back[o][u][ky][kx];
            }
    return sum;
}

static void multiply(void)
{
    const float *flat = &x[0][0][0];
    float largest = -INFINITY, all = 0;
    for (int m = 0; m < M; m++) {
        float sum = 0;
        for (int n = 0; n < N; n++) sum = sum + flat[n] * dense[n][m];
        shares[m] = sum;
    }
    for (int m = 0; m < M; m++) largest = shares[m] > largest ? shares[m] : largest;
    for (int m = 0; m < M; m++) all = all + expf(shares[m] - largest);
    for (int m = 0; m < M; m++) shares[m] = expf(shares[m] - largest) / all;
}

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    load(argv[1], "x", x, sizeof x);
    load(argv[1], "kernel", kernel, sizeof kernel);
    load(argv[1], "bias", bias, sizeof bias);
    load(argv[1], "back", back, sizeof back);
    load(argv[1], "dense", dense, sizeof dense);
    for (int o = 0; o < O; o++)
        for (int r = 0; r < H; r++)
            for (int c = 0; c < W; c++) {
                float value = convolved(o, r, c);
                middle[o][r][c] = value > 0 ? value : 0;
            }
    for (int u = 0; u < U; u++)
        for (int r = 0; r < UH; r++)
            for (int c = 0; c < UW; c++) image[u][r][c] = transposed(u, r, c);
    multiply();
    save(argv[1], "image", image, sizeof image);
    save(argv[1], "shares", shares, sizeof shares);
    return 0;
}
