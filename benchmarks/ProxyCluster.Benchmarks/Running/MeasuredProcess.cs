using System.Globalization;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Running;

/// <summary>
/// A process with its cost in processor time and memory as the kernel counts it, on a core of its own where asked. It is
/// ended by its id, within a limit.
/// </summary>
internal sealed class MeasuredProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly ChildProcess _process;

    private MeasuredProcess(ChildProcess process) => _process = process;

    public bool HasExited => _process.HasExited;

    /// <summary>All that it printed so far.</summary>
    public string Output => _process.Output + _process.Errors;

    /// <summary>Processor seconds of the process and its living children.</summary>
    public double ProcessorSeconds => ProcessTable.ProcessorSeconds(_process.Id);

    /// <summary>Bytes resident now, of the process and its children.</summary>
    public long ResidentBytes => ProcessTable.SumBytes(_process.Id, "VmRSS");

    /// <summary>Most bytes resident at any time since the start or <see cref="ForgetPeak"/>.</summary>
    public long PeakBytes => ProcessTable.SumBytes(_process.Id, "VmHWM");

    /// <summary>Starts a program, on one core if <paramref name="core"/> names one.</summary>
    public static MeasuredProcess Start(string program, IEnumerable<string> arguments, int? core)
    {
        (program, arguments) = Placed(program, arguments, core);
        return new MeasuredProcess(ChildProcess.Start(program, arguments, Environment()));
    }

    /// <summary>Runs a program that must succeed and gives what it printed.</summary>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, int? core, TimeSpan limit)
    {
        (program, arguments) = Placed(program, arguments, core);
        return (await ChildProcess.RunAsync(program, arguments, Environment(), limit)).OutputOfSuccess;
    }

    /// <summary>Makes the peak what is resident now, so that start-up is not taken for work (proc(5), clear_refs).</summary>
    public void ForgetPeak() => ProcessTable.ForgetPeak(_process.Id);

    /// <summary>SIGTERM, and waits until it has ended.</summary>
    public Task StopAsync() => _process.StopAsync(Patience);

    public async ValueTask DisposeAsync()
    {
        try
        {
            // Not killed at once: nginx's workers would stay behind.
            await StopAsync();
        }
        catch (TimeoutException)
        {
            // It is killed now.
        }

        await _process.DisposeAsync();
    }

    // taskset replaces itself with the program, so the id is the program's.
    private static (string Program, IEnumerable<string> Arguments) Placed(string program, IEnumerable<string> arguments, int? core) =>
        core is { } number
            ? (Tools.Taskset, ["-c", number.ToString(CultureInfo.InvariantCulture), program, .. arguments])
            : (program, arguments);

    // Nothing that the shell around us says about Go, .NET or proxies may change a figure.
    private static Dictionary<string, string> Environment()
    {
        var environment = new Dictionary<string, string> { ["HOME"] = Path.GetTempPath() };
        if (System.Environment.GetEnvironmentVariable("DOTNET_ROOT") is { } root)
            environment["DOTNET_ROOT"] = root;
        return environment;
    }
}
