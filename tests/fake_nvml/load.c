/* The part of the made libnvidia-ml.so.1 that tells how GPUs work: link, clocks, power, heat.
 *
 * FAKE_NVML_LOAD says how:
 *   (unset)   sound: generation 4 of 4, 16 of 16 lanes, full clock
 *   x4        4 lanes of 16
 *   old-slot  generation 3, which is all that the system has
 *   hot       slowed by heat at 94 degrees, a third of its clock
 *   capped    its power limit is set to 120 of 215 W
 *   silent    knows none of these questions
 * Numbers and bits are those of NVIDIA's documented nvml.h.
 */
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, NOT_SUPPORTED = 3 };
enum { POWER_CAP = 0x04, HEAT_BY_SOFTWARE = 0x20 };

static int load_is(const char *name)
{
    const char *named = getenv("FAKE_NVML_LOAD");
    return named != NULL && strcmp(named, name) == 0;
}

static int told(unsigned *place, unsigned value)
{
    if (load_is("silent")) return NOT_SUPPORTED;
    *place = value;
    return SUCCESS;
}

int nvmlDeviceGetCurrPcieLinkGeneration(void *gpu, unsigned *generation)
{
    (void)gpu;
    return told(generation, load_is("old-slot") ? 3 : 4);
}

int nvmlDeviceGetMaxPcieLinkGeneration(void *gpu, unsigned *generation)
{
    (void)gpu;
    return told(generation, load_is("old-slot") ? 3 : 4);
}

int nvmlDeviceGetGpuMaxPcieLinkGeneration(void *gpu, unsigned *generation)
{
    (void)gpu;
    return told(generation, 4);
}

int nvmlDeviceGetCurrPcieLinkWidth(void *gpu, unsigned *width)
{
    (void)gpu;
    return told(width, load_is("x4") ? 4 : 16);
}

int nvmlDeviceGetMaxPcieLinkWidth(void *gpu, unsigned *width) { (void)gpu; return told(width, 16); }

int nvmlDeviceGetClockInfo(void *gpu, int kind, unsigned *mhz)
{
    (void)gpu; (void)kind;
    return told(mhz, load_is("hot") ? 600 : 1770);
}

int nvmlDeviceGetMaxClockInfo(void *gpu, int kind, unsigned *mhz)
{
    (void)gpu; (void)kind;
    return told(mhz, 1800);
}

int nvmlDeviceGetTemperature(void *gpu, int sensor, unsigned *degrees)
{
    (void)gpu; (void)sensor;
    return told(degrees, load_is("hot") ? 94 : 61);
}

int nvmlDeviceGetPowerUsage(void *gpu, unsigned *milliwatts)
{
    (void)gpu;
    return told(milliwatts, load_is("capped") ? 119500 : 180000);
}

int nvmlDeviceGetEnforcedPowerLimit(void *gpu, unsigned *milliwatts)
{
    (void)gpu;
    return told(milliwatts, load_is("capped") ? 120000 : 215000);
}

int nvmlDeviceGetPowerManagementDefaultLimit(void *gpu, unsigned *milliwatts)
{
    (void)gpu;
    return told(milliwatts, 215000);
}

int nvmlDeviceGetCurrentClocksThrottleReasons(void *gpu, unsigned long long *bits)
{
    (void)gpu;
    if (load_is("silent")) return NOT_SUPPORTED;
    *bits = load_is("hot") ? HEAT_BY_SOFTWARE : load_is("capped") ? POWER_CAP : 0;
    return SUCCESS;
}
