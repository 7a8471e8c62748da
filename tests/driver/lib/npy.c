/* npy SEED FILE [i64] DIM...: a .npy of random f32 between -1 and 1, or of i64 from 0 to 9. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc < 3) return 2;
    uint64_t state = strtoull(argv[1], NULL, 10) * 2654435761u + 1;
    FILE *file = fopen(argv[2], "wb");
    if (!file) return 3;
    char head[512], padded[1024];
    long count = 1;
    int whole = argc > 3 && !strcmp(argv[3], "i64");
    snprintf(head, sizeof head, "{'descr': '<%s', 'fortran_order': False, 'shape': (", whole ? "i8" : "f4");
    for (int i = 3 + whole; i < argc; i++) {
        count *= atol(argv[i]);
        strcat(strcat(head, argv[i]), ", ");
    }
    strcat(head, "), }");
    int length = (int)(strlen(head) + 1 + 10 + 63) / 64 * 64 - 10;
    snprintf(padded, sizeof padded, "%-*s\n", length - 1, head);
    fwrite("\x93NUMPY\x01\x00", 8, 1, file);
    fputc(length & 255, file);
    fputc(length >> 8, file);
    fwrite(padded, (size_t)length, 1, file);
    for (long i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        float value = (float)((double)(state >> 40) / (1 << 23) - 1);
        int64_t number = (int64_t)(state >> 40) % 10;
        if (whole) fwrite(&number, sizeof number, 1, file);
        else fwrite(&value, sizeof value, 1, file);
    }
    return fclose(file) == 0 ? 0 : 3;
}
