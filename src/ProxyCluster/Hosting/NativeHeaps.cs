using System.Runtime.InteropServices;

namespace ProxyCluster.Hosting;

/// <summary>
/// How many heaps the C library may keep beside the runtime's own. It makes one per thread up to eight per processor, to spare
/// threads each other's locks; of a process that is mostly managed code each holds little and none gives it back. One per processor
/// is as many as can be in use at once, and saves an idle silo on two cores 2 MiB.
/// </summary>
internal static partial class NativeHeaps
{
    // M_ARENA_MAX of glibc's malloc.h.
    private const int ArenaMax = -8;

    /// <summary>Bounds them, before most threads have begun; not where the environment says how many.</summary>
    public static void Bound()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable("MALLOC_ARENA_MAX") is not null)
            return;
        try
        {
            _ = SetOption(ArenaMax, Environment.ProcessorCount);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library, which has its own ways.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetOption(int option, int value);
}
