using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using ProxyCluster.Drills.Topology;

namespace ProxyCluster.TestKit.Processes;

/// <summary>
/// A real process: its environment is only what it was given (and PATH, and <see cref="ShortLives"/>), its output is kept, and
/// it never outlives this object.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Lock _outputLock = new();
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly TaskCompletionSource<string> _firstLine = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Process process) => _process = process;

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>True once it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Its exit code, once it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>What it printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_outputLock)
                return _output.ToString();
        }
    }

    /// <summary>What it printed to standard error so far.</summary>
    public string Errors
    {
        get
        {
            lock (_outputLock)
                return _errors.ToString();
        }
    }

    /// <summary>Its first line of output; fails if it ends without one.</summary>
    public Task<string> FirstLine => _firstLine.Task;

    /// <summary>Starts a program.</summary>
    /// <param name="program">A path, or a name to be found on PATH.</param>
    /// <param name="arguments">Its arguments, unquoted.</param>
    /// <param name="environment">Its whole environment besides PATH and <see cref="ShortLives"/>.</param>
    /// <param name="directory">Its working directory; null for this process's.</param>
    /// <exception cref="ToolMissingException">There is no such program.</exception>
    public static ChildProcess Start(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string? directory = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? "",
        };
        start.Environment.Clear();
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH");
        ShortLives.Tell(start.Environment);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        var process = new Process { StartInfo = start };
        var child = new ChildProcess(process);
        process.OutputDataReceived += (_, e) => child.Take(e.Data, child._output, isOutput: true);
        process.ErrorDataReceived += (_, e) => child.Take(e.Data, child._errors, isOutput: false);
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            process.Dispose();
            throw new ToolMissingException($"{program} cannot be started: {e.Message}", e);
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs a program to its end; it is killed once <paramref name="limit"/> has passed.</summary>
    /// <exception cref="TimeoutException">It did not end in time.</exception>
    public static async Task<ProcessResult> RunAsync(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        TimeSpan limit,
        string? directory = null)
    {
        await using var child = Start(program, arguments, environment, directory);
        child.CloseInput();
        await child.WaitAsync(limit);
        return new ProcessResult(child.ExitCode, child.Output, child.Errors);
    }

    /// <summary>Ends its standard input.</summary>
    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>Waits until it has ended and all its output is here.</summary>
    /// <exception cref="TimeoutException">It did not end in time.</exception>
    public async Task WaitAsync(TimeSpan limit)
    {
        using var late = new CancellationTokenSource(limit);
        try
        {
            await _process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException(
                $"{_process.StartInfo.FileName} {string.Join(' ', _process.StartInfo.ArgumentList)} did not end within {limit}; "
                + $"it printed:\n{Output}{Errors}",
                e);
        }
    }

    /// <summary><c>kill -9</c>, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        if (!HasExited)
            _process.Kill();
        await WaitAsync(TimeSpan.FromSeconds(10));
    }

    /// <summary>SIGTERM, and waits until it has ended.</summary>
    public async Task<int> StopAsync(TimeSpan limit)
    {
        Send(Signals.Terminate);
        await WaitAsync(limit);
        return ExitCode;
    }

    /// <summary>SIGSTOP: its connections stay open and nothing answers.</summary>
    public void Freeze()
    {
        if (!HasExited)
            Signals.Freeze(Id);
    }

    /// <summary>SIGCONT.</summary>
    public void Resume() => Send(Signals.Continue);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private void Send(int signal)
    {
        if (!HasExited)
            Signals.TrySend(Id, signal);
    }

    private void Take(string? line, StringBuilder into, bool isOutput)
    {
        if (line is null)
        {
            if (isOutput)
                _firstLine.TrySetException(new InvalidOperationException($"it ended without printing a line; its errors: {Errors}"));
            return;
        }

        lock (_outputLock)
            into.Append(line).Append('\n');
        if (isOutput)
            _firstLine.TrySetResult(line);
    }
}
