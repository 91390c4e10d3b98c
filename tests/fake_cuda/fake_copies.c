/* A libcuda.so.1 without a GPU: copies take as long as a GPU of known speed would take.
 *
 * FAKE_CUDA names the fixture:
 *   (unset)   one GPU, the one of FAKE_NVML=one: 12 GB/s each way, 400 GB/s inside
 *   slow      as that, at a tenth of its speed
 *   two       the two of FAKE_NVML=mixed, in their order
 *   nameless  as one, from a driver that knows no UUID
 *   broken    one GPU, on which no memory can be had
 *   late      as two, but dies by a segmentation fault on the second
 *   hang      never returns from its first call
 *   crash     dies in its first call
 *   refuses   CUDA_ERROR_NO_DEVICE
 * Handles and codes are those of NVIDIA's documented cuda.h.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SUCCESS = 0, OUT_OF_MEMORY = 2, NO_DEVICE = 100 };

static double queued_s;

static int is(const char *fixture)
{
    const char *named = getenv("FAKE_CUDA");
    return named != NULL && strcmp(named, fixture) == 0;
}

static int several(void) { return is("two") || is("late"); }

int cuInit(unsigned flags)
{
    (void)flags;
    if (is("hang")) for (;;) pause();
    if (is("crash")) raise(SIGSEGV);
    return is("refuses") ? NO_DEVICE : SUCCESS;
}

int cuGetErrorName(int code, const char **name)
{
    *name = code == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_NO_DEVICE";
    return SUCCESS;
}

int cuDeviceGetCount(int *count) { *count = several() ? 2 : 1; return SUCCESS; }
int cuDeviceGet(int *device, int index) { *device = index + 10; return SUCCESS; }

int cuDeviceGetUuid(unsigned char *uuid, int device)
{
    if (is("nameless")) return NO_DEVICE;
    memset(uuid, several() ? 0x22 + 0x11 * (device - 10) : 0x11, 16);
    return SUCCESS;
}

int cuDevicePrimaryCtxRetain(void **context, int device)
{
    if (is("late") && device == 11) raise(SIGSEGV);
    *context = &queued_s;
    return SUCCESS;
}

int cuDevicePrimaryCtxRelease_v2(int device) { (void)device; return SUCCESS; }
int cuCtxSetCurrent(void *context) { (void)context; return SUCCESS; }

int cuMemGetInfo_v2(size_t *free_bytes, size_t *total)
{
    *free_bytes = *total = (size_t)8 << 30;
    return SUCCESS;
}

static int block(void **place)
{
    if (is("broken")) return OUT_OF_MEMORY;
    *place = &queued_s;
    return SUCCESS;
}

int cuMemAlloc_v2(void **place, size_t size) { (void)size; return block(place); }
int cuMemAllocHost_v2(void **place, size_t size) { (void)size; return block(place); }
int cuMemFree_v2(void *place) { (void)place; return SUCCESS; }
int cuMemFreeHost(void *place) { (void)place; return SUCCESS; }
int cuStreamCreate(void **stream, unsigned flags) { (void)flags; *stream = &queued_s; return SUCCESS; }

static int queue(size_t bytes, double bytes_per_s)
{
    queued_s += (double)bytes / bytes_per_s * (is("slow") ? 10 : 1);
    return SUCCESS;
}

int cuMemcpyHtoDAsync_v2(void *to, void *from, size_t size, void *stream)
{
    (void)to; (void)from; (void)stream;
    return queue(size, 12e9);
}

int cuMemcpyDtoHAsync_v2(void *to, void *from, size_t size, void *stream)
{
    (void)to; (void)from; (void)stream;
    return queue(size, 12e9);
}

int cuMemcpyDtoDAsync_v2(void *to, void *from, size_t size, void *stream)
{
    (void)to; (void)from; (void)stream;
    return queue(size, 200e9); /* each byte is read and written: 400 GB/s of memory */
}

int cuStreamSynchronize(void *stream)
{
    struct timespec rest;
    (void)stream;
    rest.tv_sec = (time_t)queued_s;
    rest.tv_nsec = (long)((queued_s - (double)rest.tv_sec) * 1e9);
    queued_s = 0;
    nanosleep(&rest, NULL);
    return SUCCESS;
}
