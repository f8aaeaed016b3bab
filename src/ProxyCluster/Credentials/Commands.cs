using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace ProxyCluster.Credentials;

/// <summary>Runs a command that knows a login.</summary>
/// <param name="words">Program and arguments; no shell reads them.</param>
/// <param name="input">What it is given on standard input, which then ends.</param>
/// <param name="cancel">Kills it.</param>
internal delegate Task<CommandResult> RunCommand(IReadOnlyList<string> words, string input, CancellationToken cancel);

/// <summary>What became of a command.</summary>
/// <param name="Output">What it printed; holds secrets.</param>
/// <param name="Fault">Why that is worth nothing, without a word of what it printed; null if it ended well.</param>
internal readonly record struct CommandResult(string Output, string? Fault)
{
    /// <inheritdoc/>
    public override string ToString() => Fault ?? "(secret)";
}

/// <summary>
/// The commands that know logins, as processes: four at a time, each for so long and with so much output, and killed with its
/// children past that. Our own settings are not in their environment, for they may hold secrets; what they say on standard
/// error is dropped, for it may too.
/// </summary>
internal sealed class Commands(TimeSpan limit, TimeProvider clock) : IAsyncDisposable
{
    /// <summary>The most that a command may print.</summary>
    public const int MaxOutput = 256 * 1024;

    private const int AtOnce = 4;

    // How long its output may stay open behind it: what it leaves behind may hold that for ever.
    private static readonly TimeSpan Leftover = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turns = new(AtOnce);

    /// <summary>Runs one.</summary>
    public async Task<CommandResult> RunAsync(IReadOnlyList<string> words, string input, CancellationToken cancel)
    {
        await _turns.WaitAsync(cancel);
        try
        {
            return await RunNowAsync(words, input, cancel);
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <summary>Waits until none runs, and lets none begin any more; for an owner that has just cancelled them.</summary>
    public async ValueTask DisposeAsync()
    {
        for (var turn = 0; turn < AtOnce; turn++)
            await _turns.WaitAsync();
        _turns.Dispose();
    }

    private async Task<CommandResult> RunNowAsync(IReadOnlyList<string> words, string input, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(limit, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        using var process = new Process { StartInfo = StartOf(words) };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            return new("", $"{words[0]} could not be started: {e.Message}");
        }

        using var output = new MemoryStream();
        var written = WriteAsync(process, input, stop.Token);
        var printed = ReadAsync(process.StandardOutput.BaseStream, output, stop.Token);
        var errors = process.StandardError.BaseStream.CopyToAsync(Stream.Null, stop.Token);
        var isKilled = false;
        try
        {
            // Its end, or too much of anything; then the rest of what it printed.
            var ended = process.WaitForExitAsync(stop.Token);
            await Task.WhenAny(ended, printed);
            if (printed.IsCompletedSuccessfully && printed.Result)
                await stop.CancelAsync();
            await ended;
            await Task.WhenAny(printed, Task.Delay(Leftover, clock, stop.Token));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            isKilled = true;
            await Task.WhenAny(process.WaitForExitAsync(CancellationToken.None), Task.Delay(Leftover, clock, CancellationToken.None));
        }
        finally
        {
            // Nobody touches the buffer after this.
            await stop.CancelAsync();
            await Task.WhenAll(written, printed, errors).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancel.ThrowIfCancellationRequested();
        return printed.IsCompletedSuccessfully && printed.Result ? new("", $"{words[0]} printed more than {MaxOutput} bytes and was killed")
            : isKilled ? new("", string.Create(CultureInfo.InvariantCulture, $"{words[0]} ran for more than {limit.TotalSeconds:0.###} s and was killed"))
            : process.ExitCode == 0 ? new(Encoding.UTF8.GetString(output.ToArray()), null)
            : new("", string.Create(CultureInfo.InvariantCulture, $"{words[0]} ended with status {process.ExitCode}"));
    }

    private static async Task WriteAsync(Process process, string input, CancellationToken stop)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(Encoding.UTF8.GetBytes(input), stop);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended, or closed its input: it did not want to know.
        }
    }

    // True for too much.
    private static async Task<bool> ReadAsync(Stream from, MemoryStream to, CancellationToken stop)
    {
        var buffer = new byte[4096];
        for (int count; (count = await from.ReadAsync(buffer, stop)) > 0;)
        {
            if (to.Length + count > MaxOutput)
                return true;
            to.Write(buffer, 0, count);
        }

        return false;
    }

    /// <summary>Takes out of a child's environment what is meant for this process, and may hold secrets: settings and logins.</summary>
    public static void RemoveSecrets(ProcessStartInfo start)
    {
        foreach (var name in start.Environment.Keys.Where(static name =>
            name.StartsWith("PROXYCLUSTER_", StringComparison.Ordinal) || name.StartsWith("UPSTREAM_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
    }

    private static ProcessStartInfo StartOf(IReadOnlyList<string> words)
    {
        var start = new ProcessStartInfo(words[0], words.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        RemoveSecrets(start);

        // There is nobody to be asked.
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        start.Environment["GCM_INTERACTIVE"] = "never";
        return start;
    }
}
