using System.Collections.Concurrent;
using System.Diagnostics;

namespace ProxyCluster.Drills.Topology;

/// <summary>
/// Starts processes that do not outlive this one. The kernel ends them with their parent (prctl's PR_SET_PDEATHSIG, set
/// by util-linux's setpriv), and it counts the thread that forked as the parent: hence one thread that starts them all
/// and lives as long as the process. A session of their own keeps the terminal's Ctrl-C from them, so that they are
/// stopped in order. What they print goes straight into their log files.
/// </summary>
internal static class ProcessNursery
{
    private static readonly BlockingCollection<Action> Work = [];
    private static readonly Lazy<Thread> Forking = new(() =>
    {
        var thread = new Thread(static () =>
        {
            foreach (var start in Work.GetConsumingEnumerable())
                start();
        })
        {
            IsBackground = true,
            Name = "process nursery",
        };
        thread.Start();
        return thread;
    });

    /// <summary>Whether the tools are there that this stands on; Linux with util-linux has them.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux() && File.Exists("/usr/bin/setpriv") && File.Exists("/usr/bin/setsid");

    /// <summary>Starts a process; it runs under the id of the returned one.</summary>
    /// <param name="plan">What to start.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">The machine could not start it.</exception>
    public static Task<Process> StartAsync(ProcessPlan plan)
    {
        _ = Forking.Value;
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Add(() =>
        {
            try
            {
                started.SetResult(Start(plan));
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
        return started.Task;
    }

    private static Process Start(ProcessPlan plan)
    {
        Directory.CreateDirectory(plan.Directory);
        Directory.CreateDirectory(Path.GetDirectoryName(plan.Log)!);
        // Each of them replaces the one before by exec, so the id stays.
        const string intoLog = "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null";
        var start = new ProcessStartInfo(
            "/bin/sh",
            ["-c", intoLog, "sh", plan.Log, "/usr/bin/setsid", "/usr/bin/setpriv", "--pdeathsig", "KILL", plan.Program, .. plan.Arguments])
        {
            WorkingDirectory = plan.Directory,
        };
        // What this shell has set for go or for another proxy must not reach the cluster.
        foreach (var name in start.Environment.Keys.Where(IsForeign).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in plan.Environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private static bool IsForeign(string name) =>
        name.StartsWith("GO", StringComparison.Ordinal)
        || name.StartsWith("PROXYCLUSTER_", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith("_PROXY", StringComparison.OrdinalIgnoreCase);
}
