using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace ProxyCluster.Benchmarks.Running;

/// <summary>
/// A process that this program started: its cost in processor time and memory as the kernel counts it, and its end, by
/// its id, within a limit.
/// </summary>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    private const int Terminate = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ChildProcess(Process process) => _process = process;

    /// <summary>Starts a program, on one core if <paramref name="core"/> names one.</summary>
    public static ChildProcess Start(
        string program, IEnumerable<string> arguments, int? core = null,
        IReadOnlyDictionary<string, string?>? environment = null, string? directory = null)
    {
        var start = new ProcessStartInfo(core is null ? program : Tools.Taskset)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? "",
        };
        if (core is { } number)
        {
            // taskset replaces itself with the program, so the id stays the program's.
            start.ArgumentList.Add("-c");
            start.ArgumentList.Add(number.ToString(CultureInfo.InvariantCulture));
            start.ArgumentList.Add(program);
        }

        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;

        var child = new ChildProcess(new Process { StartInfo = start });
        child._process.OutputDataReceived += (_, e) => child.Note(e.Data);
        child._process.ErrorDataReceived += (_, e) => child.Note(e.Data);
        child._process.Start();
        child._process.StandardInput.Close();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs a program to its end and gives what it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed, or took longer than <paramref name="limit"/>.</exception>
    public static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, TimeSpan limit, int? core = null,
        IReadOnlyDictionary<string, string?>? environment = null, string? directory = null)
    {
        await using var child = Start(program, arguments, core, environment, directory);
        using var late = new CancellationTokenSource(limit);
        try
        {
            await child._process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            throw new InvalidOperationException($"{program} took longer than {limit.TotalSeconds:F0} s:\n{child.Output}");
        }

        return child._process.ExitCode == 0
            ? child.Output
            : throw new InvalidOperationException($"{program} failed with {child._process.ExitCode}:\n{child.Output}");
    }

    public bool HasEnded => _process.HasExited;

    /// <summary>Both output streams so far, of which the last part is kept.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>Processor seconds of the process and its living children.</summary>
    public double ProcessorSeconds => ProcessTable.ProcessorSeconds(_process.Id);

    /// <summary>Bytes resident now, of the process and its children.</summary>
    public long ResidentBytes => ProcessTable.Sum(_process.Id, "VmRSS");

    /// <summary>Most bytes resident at any time since the start or <see cref="ForgetPeak"/>.</summary>
    public long PeakBytes => ProcessTable.Sum(_process.Id, "VmHWM");

    /// <summary>Makes the peak what is resident now, so that start-up is not taken for work (proc(5), clear_refs).</summary>
    public void ForgetPeak() => ProcessTable.ForgetPeak(_process.Id);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _ = SendSignal(_process.Id, Terminate);
            using var late = new CancellationTokenSource(Patience);
            try
            {
                await _process.WaitForExitAsync(late.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private void Note(string? line)
    {
        if (line is null)
            return;
        lock (_output)
        {
            if (_output.Length > 1 << 16)
                _output.Remove(0, 1 << 15);
            _output.Append(line).Append('\n');
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
