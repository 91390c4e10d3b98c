/* A libcuda.so.1 of GPUs that are not there, so that what is asked of CUDA's driver can be proved.
 *
 * It shows the GPUs of tests/fake_nvml (fixtures one and two) under the same UUIDs, those that
 * CUDA_VISIBLE_DEVICES lists where it is set. FAKE_CUDA changes one thing:
 *   fewer     the last GPU is not shown
 *   stranger  the first GPU bears another UUID
 *   none      no device (CUDA_ERROR_NO_DEVICE)
 *   crash     dies by a segmentation fault in its first call
 *   hang      never returns from its first call
 *   busy      others hold all memory but 8 MiB
 *   shrinks   others take the memory after it was said to be free
 *   forgets   memory does not keep what is written far into it
 *   aliased   two allocations are one place
 * A GPU has 64 MiB here. Return codes are those of NVIDIA's documented cuda.h.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUCCESS = 0, OUT_OF_MEMORY = 2, NO_DEVICE = 100, INVALID_DEVICE = 101 };
enum { MIB = 1024 * 1024, MEMORY = 64 * MIB };

static const unsigned char UUIDS[] = {0x11, 0x44};
static size_t used;
static char *first;

static int is(const char *fixture)
{
    const char *named = getenv("FAKE_CUDA");
    return named != NULL && strcmp(named, fixture) == 0;
}

static int present(void)
{
    const char *nvml = getenv("FAKE_NVML");
    return nvml != NULL && strcmp(nvml, "two") == 0 ? 2 : 1;
}

/* The GPU behind a number: CUDA_VISIBLE_DEVICES may list numbers or UUIDs (GPU-11…, GPU-44…). */
static int behind(int number)
{
    const char *listed = getenv("CUDA_VISIBLE_DEVICES");
    if (listed == NULL) return number < present() ? number : -1;
    for (; number > 0 && listed != NULL; number--) {
        listed = strchr(listed, ',');
        if (listed != NULL) listed++;
    }
    if (listed == NULL || *listed == '\0') return -1;
    int gpu = strncmp(listed, "GPU-1", 5) == 0 ? 0 : strncmp(listed, "GPU-4", 5) == 0 ? 1 : *listed - '0';
    return gpu >= 0 && gpu < present() ? gpu : -1;
}

int cuInit(unsigned flags)
{
    (void)flags;
    if (is("hang")) for (;;) pause();
    if (is("crash")) raise(SIGSEGV);
    return is("none") ? NO_DEVICE : SUCCESS;
}

int cuGetErrorName(int code, const char **name)
{
    *name = code == NO_DEVICE ? "CUDA_ERROR_NO_DEVICE" : "CUDA_ERROR_UNKNOWN";
    return SUCCESS;
}

int cuDeviceGetCount(int *count)
{
    for (*count = 0; behind(*count) >= 0;) ++*count;
    if (is("fewer")) --*count;
    return SUCCESS;
}

int cuDeviceGet(int *device, int number)
{
    *device = behind(number);
    return *device < 0 ? INVALID_DEVICE : SUCCESS;
}

int cuDeviceGetName(char *text, int size, int device)
{
    (void)device;
    snprintf(text, (size_t)size, "NVIDIA GeForce RTX 2070 SUPER");
    return SUCCESS;
}

int cuDeviceGetUuid(unsigned char *uuid, int device)
{
    memset(uuid, is("stranger") && device == 0 ? 0x99 : UUIDS[device], 16);
    return SUCCESS;
}

int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    (void)device;
    *value = attribute == 75 ? 7 : 5;
    return SUCCESS;
}

int cuDevicePrimaryCtxRetain(void **context, int device) { (void)device; *context = &used; return SUCCESS; }
int cuCtxSetCurrent(void *context) { (void)context; return SUCCESS; }
int cuCtxSynchronize(void) { return SUCCESS; }

int cuMemGetInfo_v2(size_t *free_bytes, size_t *total)
{
    *total = MEMORY;
    *free_bytes = is("busy") ? 8 * MIB : MEMORY;
    return SUCCESS;
}

int cuMemAlloc_v2(uint64_t *place, size_t size)
{
    if (is("shrinks") || used + size > MEMORY) return OUT_OF_MEMORY;
    used += size;
    char *given = is("aliased") && first != NULL ? first : malloc(size);
    if (first == NULL) first = given;
    *place = (uint64_t)(uintptr_t)given;
    return SUCCESS;
}

int cuMemsetD32_v2(uint64_t place, unsigned value, size_t count)
{
    uint32_t *words = (uint32_t *)(uintptr_t)place;
    for (size_t word = 0; word < count; word++) words[word] = value;
    if (is("forgets")) words[count - 1] ^= 1;
    return SUCCESS;
}

int cuMemcpyDtoH_v2(void *to, uint64_t from, size_t size)
{
    memcpy(to, (void *)(uintptr_t)from, size);
    return SUCCESS;
}

int cuMemFree_v2(uint64_t place) { (void)place; return SUCCESS; }
