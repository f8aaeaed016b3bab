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

    private static readonly TimeSpan FreezeLimit = TimeSpan.FromSeconds(10);

    /// <summary>
    /// SIGSTOP: its connections stay open and nothing answers. Each of its threads stops in its own time, so this returns when
    /// the last one has; before that it may answer once more.
    /// </summary>
    /// <exception cref="TimeoutException">It goes on.</exception>
    public static void Freeze(int process)
    {
        if (TrySend(process, Stop) && !SpinWait.SpinUntil(() => IsFrozen(process), FreezeLimit))
            throw new TimeoutException($"process {process} has not stopped within {FreezeLimit}");
    }

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

    // The state stands behind the name, which is in brackets and may have any in it. Who has ended stands still as well.
    private static bool IsFrozen(int process)
    {
        try
        {
            return Directory.EnumerateDirectories($"/proc/{process}/task")
                .Select(static thread => File.ReadAllText(Path.Combine(thread, "stat")))
                .All(static stat => stat.AsSpan(stat.LastIndexOf(')') + 2) is ['T' or 'Z' or 'X', ..]);
        }
        catch (IOException)
        {
            return !Directory.Exists($"/proc/{process}");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Send(int process, int signal);
}
