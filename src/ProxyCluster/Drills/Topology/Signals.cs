using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ProxyCluster.Drills.Topology;

/// <summary>POSIX signals to other processes, by their Linux numbers.</summary>
internal static partial class Signals
{
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>Sends a signal; false when there is no such process.</summary>
    /// <exception cref="Win32Exception">It is not ours to send.</exception>
    public static bool TrySend(int process, int signal)
    {
        const int noSuchProcess = 3;
        if (Send(process, signal) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error == noSuchProcess ? false : throw new Win32Exception(error);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Send(int process, int signal);
}
