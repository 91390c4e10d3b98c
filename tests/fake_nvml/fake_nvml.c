/* A libnvidia-ml.so.1 that answers from a fixture, so that detection can be proved without a GPU.
 *
 * FAKE_NVML names the fixture:
 *   one       one RTX 2070 SUPER, driver 550.163.01
 *   two       two of them
 *   mixed     H100 with MIG on, GTX 1080 Ti that knows no MIG, driver 580.95.05
 *   hang      never returns from its first call
 *   crash     dies by a segmentation fault in its first call
 *   late      as mixed, but dies while the second GPU is asked
 *   slow      as mixed, but never returns while the second GPU is asked
 *   lost      as mixed, but the second GPU has fallen off the bus
 *   mismatch  library and kernel module differ
 *   unloaded  no kernel module
 *   old       as one, from a library that knows only the first call for the CUDA version
 * Return codes and the layout of nvmlPciInfo_t are those of NVIDIA's documented nvml.h.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUCCESS = 0, NOT_SUPPORTED = 3, DRIVER_NOT_LOADED = 9, FUNCTION_NOT_FOUND = 13,
       GPU_IS_LOST = 15, LIB_RM_VERSION_MISMATCH = 18 };

typedef struct {
    const char *name, *uuid, *bus_id;
    unsigned bus, device, board, architecture;
    int major, minor, mig;
    unsigned long long bytes;
} gpu_t;

typedef struct {
    char bus_id_legacy[16];
    unsigned domain, bus, device, pci_device_id, pci_subsystem_id;
    char bus_id[32];
} pci_t;

static const gpu_t ONE[] = {
    {"NVIDIA GeForce RTX 2070 SUPER", "GPU-11111111-1111-1111-1111-111111111111",
     "00000000:01:00.0", 1, 0x1e8410de, 0x87291043, 6, 7, 5, -1, 8589934592ULL},
};
static const gpu_t TWO[] = {
    {"NVIDIA GeForce RTX 2070 SUPER", "GPU-11111111-1111-1111-1111-111111111111",
     "00000000:01:00.0", 1, 0x1e8410de, 0x87291043, 6, 7, 5, -1, 8589934592ULL},
    {"NVIDIA GeForce RTX 2070 SUPER", "GPU-44444444-4444-4444-4444-444444444444",
     "00000000:02:00.0", 2, 0x1e8410de, 0x87291043, 6, 7, 5, -1, 8589934592ULL},
};
static const gpu_t MIXED[] = {
    {"NVIDIA H100 80GB HBM3", "GPU-22222222-2222-2222-2222-222222222222",
     "00000000:1B:00.0", 27, 0x233010de, 0x16c110de, 9, 9, 0, 1, 85520809984ULL},
    {"NVIDIA GeForce GTX 1080 Ti", "GPU-33333333-3333-3333-3333-333333333333",
     "00000000:43:00.0", 67, 0x1b0610de, 0x63903842, 4, 6, 1, -1, 11720982528ULL},
};

static int is(const char *fixture)
{
    const char *named = getenv("FAKE_NVML");
    return named != NULL && strcmp(named, fixture) == 0;
}

static int single(void) { return is("one") || is("old"); }
static void sleep_for_ever(void) { for (;;) pause(); }

int nvmlInitWithFlags(unsigned flags)
{
    (void)flags;
    if (is("hang")) sleep_for_ever();
    if (is("crash")) raise(SIGSEGV);
    if (is("mismatch")) return LIB_RM_VERSION_MISMATCH;
    return is("unloaded") ? DRIVER_NOT_LOADED : SUCCESS;
}

int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
int nvmlShutdown(void) { raise(SIGSEGV); return SUCCESS; }

const char *nvmlErrorString(int code)
{
    return code == LIB_RM_VERSION_MISMATCH ? "Driver/library version mismatch"
         : code == DRIVER_NOT_LOADED       ? "Driver Not Loaded"
         : code == GPU_IS_LOST             ? "GPU is lost"
                                           : "Not Supported";
}

int nvmlSystemGetDriverVersion(char *text, unsigned size)
{
    snprintf(text, size, "%s", single() || is("two") ? "550.163.01" : "580.95.05");
    return SUCCESS;
}

int nvmlSystemGetCudaDriverVersion_v2(int *version)
{
    if (is("old")) return FUNCTION_NOT_FOUND;
    *version = single() || is("two") ? 12040 : 13000;
    return SUCCESS;
}

int nvmlSystemGetCudaDriverVersion(int *version) { *version = 12040; return SUCCESS; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = single() ? 1 : 2; return SUCCESS; }

int nvmlDeviceGetHandleByIndex_v2(unsigned index, const gpu_t **handle)
{
    if (index == 1 && is("lost")) return GPU_IS_LOST;
    if (index == 1 && is("late")) raise(SIGSEGV);
    if (index == 1 && is("slow")) sleep_for_ever();
    *handle = single() ? &ONE[index] : is("two") ? &TWO[index] : &MIXED[index];
    return SUCCESS;
}

int nvmlDeviceGetName(const gpu_t *gpu, char *text, unsigned size)
{
    snprintf(text, size, "%s", gpu->name);
    return SUCCESS;
}

int nvmlDeviceGetUUID(const gpu_t *gpu, char *text, unsigned size)
{
    snprintf(text, size, "%s", gpu->uuid);
    return SUCCESS;
}

int nvmlDeviceGetMemoryInfo(const gpu_t *gpu, unsigned long long *total_free_used)
{
    total_free_used[0] = total_free_used[1] = gpu->bytes;
    total_free_used[2] = 0;
    return SUCCESS;
}

int nvmlDeviceGetCudaComputeCapability(const gpu_t *gpu, int *major, int *minor)
{
    *major = gpu->major;
    *minor = gpu->minor;
    return SUCCESS;
}

int nvmlDeviceGetArchitecture(const gpu_t *gpu, unsigned *architecture)
{
    *architecture = gpu->architecture;
    return SUCCESS;
}

int nvmlDeviceGetPciInfo_v3(const gpu_t *gpu, pci_t *pci)
{
    memset(pci, 0, sizeof *pci);
    snprintf(pci->bus_id_legacy, sizeof pci->bus_id_legacy, "%s", gpu->bus_id + 4);
    snprintf(pci->bus_id, sizeof pci->bus_id, "%s", gpu->bus_id);
    pci->bus = gpu->bus;
    pci->pci_device_id = gpu->device;
    pci->pci_subsystem_id = gpu->board;
    return SUCCESS;
}

int nvmlDeviceGetMigMode(const gpu_t *gpu, unsigned *current, unsigned *pending)
{
    if (gpu->mig < 0) return NOT_SUPPORTED;
    *current = *pending = (unsigned)gpu->mig;
    return SUCCESS;
}
