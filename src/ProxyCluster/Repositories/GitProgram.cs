using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Options;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;

namespace ProxyCluster.Repositories;

/// <summary>
/// Runs git under limits: of time, of what it prints, of what it writes, of memory and of how many run at once. Whatever ends the
/// wait ends the process, and with it the helpers that git has started: a command that has any is a group of its own.
/// <para>
/// Arguments are a list and never a command line; the shell in between sets the limits that only a process can set for itself,
/// and gets its words as arguments too.
/// </para>
/// Road not taken: a git library in this process. It would parse hostile packs in our memory, and its archives and attributes
/// are not git's, whose every detail is in the hash.
/// </summary>
internal sealed partial class GitProgram(IOptions<DirectOptions> options, DataTree tree, TimeProvider clock) : IDisposable
{
    private const int MaxErrors = 16 << 10;
    private const string Limits = "ulimit -c 0; ulimit -f \"$1\"; ulimit -v \"$2\"; shift 2; exec \"$@\"";

    // Session, limits and group signals are Linux's.
    private static readonly bool HasGroups = OperatingSystem.IsLinux() && File.Exists("/usr/bin/setsid") && File.Exists("/bin/sh");

    private readonly DirectOptions _options = options.Value;

    // A host that is slow must not keep those waiting who have all that they need here.
    private readonly SemaphoreSlim _away = new(options.Value.MaxProcesses);
    private readonly SemaphoreSlim _here = new(options.Value.MaxProcesses);

    /// <summary>Runs a command to its end.</summary>
    /// <exception cref="RepositoryException">It could not be started, or went beyond a limit.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled.</exception>
    public async Task<GitResult> RunAsync(GitCommand command, CancellationToken cancel)
    {
        var places = command.Call is null ? _here : _away;
        await places.WaitAsync(cancel);
        try
        {
            using var process = Start(command);
            using var timer = new CancellationTokenSource(command.Limit, clock);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, timer.Token);
            try
            {
                return await TalkAsync(process, command, stop.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new RepositoryException(new Failure(
                    FailureKind.UpstreamTimeout, $"{command.Subject}: git {command.Arguments[0]} took longer than {command.Limit.TotalSeconds:0.#} s"));
            }
            finally
            {
                End(process, command.HasHelpers);
            }
        }
        finally
        {
            places.Release();
        }
    }

    public void Dispose()
    {
        _away.Dispose();
        _here.Dispose();
    }

    private static async Task<GitResult> TalkAsync(Process process, GitCommand command, CancellationToken stop)
    {
        using var kept = new MemoryStream();
        var errors = ReadErrorsAsync(process.StandardError.BaseStream, stop);
        var input = WriteAsync(process, command.Input, stop);
        var fits = await CopyAsync(process.StandardOutput.BaseStream, command.Output ?? kept, command.MaxOutput, stop);
        if (!fits)
            throw new RepositoryException(new Failure(FailureKind.UpstreamInvalid, $"{command.Subject}: git {command.Arguments[0]} gave more than {command.MaxOutput} bytes"));
        await input;
        var said = await errors;
        await process.WaitForExitAsync(stop);
        return new GitResult(process.ExitCode, kept.ToArray(), said);
    }

    private Process Start(GitCommand command)
    {
        var home = Path.Combine(tree.Repositories, "home");
        Directory.CreateDirectory(home);
        string[] git = [_options.Git, .. command.Arguments];
        var start = HasGroups
            ? new ProcessStartInfo("/bin/sh", [
                "-c", Limits, "sh", Number(_options.MaxRepositoryBytes / 512), Number(_options.MaxProcessBytes / 1024),
                .. command.HasHelpers ? ["/usr/bin/setsid"] : Array.Empty<string>(), .. git])
            : new ProcessStartInfo(git[0], git[1..]);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.WorkingDirectory = home;
        start.Environment.Clear();
        foreach (var (name, value) in GitEnvironment.Of(home, command.Mirror, command.Call, Environment.GetEnvironmentVariable))
            start.Environment[name] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new RepositoryException(new Failure(FailureKind.NotSupported, $"{command.Subject}: the program {_options.Git} cannot be started: {e.Message}"));
        }

        static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
    }

    private static async Task WriteAsync(Process process, string? input, CancellationToken stop)
    {
        try
        {
            if (input is not null)
                await process.StandardInput.WriteAsync(input.AsMemory(), stop);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended before it read all, and its exit code says why.
        }
    }

    private static async Task<bool> CopyAsync(Stream from, Stream into, long max, CancellationToken stop)
    {
        var buffer = new byte[64 << 10];
        for (int read; (read = await from.ReadAsync(buffer, stop)) > 0; max -= read)
        {
            if (read > max)
                return false;
            await into.WriteAsync(buffer.AsMemory(0, read), stop);
        }

        return true;
    }

    // What is too much is read all the same: a full pipe would hold the process.
    private static async Task<string> ReadErrorsAsync(Stream from, CancellationToken stop)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[4096];
        for (int read; (read = await from.ReadAsync(buffer, stop)) > 0;)
            kept.Write(buffer, 0, (int)Math.Min(read, MaxErrors - kept.Length));
        return Encoding.UTF8.GetString(kept.GetBuffer(), 0, (int)kept.Length);
    }

    // The group's leader may have ended while a helper of it has not.
    private static void End(Process process, bool hasHelpers)
    {
        const int kill = 9;
        if (HasGroups && hasHelpers)
            _ = Send(-process.Id, kill);
        try
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Send(int process, int signal);
}

/// <summary>A git command.</summary>
/// <param name="Subject">What it is about, for failures.</param>
/// <param name="Arguments">The subcommand and its arguments.</param>
/// <param name="Limit">How long it may take.</param>
internal sealed record GitCommand(string Subject, IReadOnlyList<string> Arguments, TimeSpan Limit)
{
    /// <summary>The repository here; null for none.</summary>
    public string? Mirror { get; init; }

    /// <summary>Where it goes; null for nowhere.</summary>
    public GitCall? Call { get; init; }

    /// <summary>Whether git starts others for it; a group of its own costs one more program to be loaded.</summary>
    public bool HasHelpers => Call is not null || Arguments is ["gc", ..];

    /// <summary>What it reads.</summary>
    public string? Input { get; init; }

    /// <summary>Where its output goes; null to have it in the result.</summary>
    public Stream? Output { get; init; }

    /// <summary>Bytes that it may print.</summary>
    public long MaxOutput { get; init; } = 64 << 20;
}

/// <summary>What came of a git command.</summary>
/// <param name="ExitCode">0 where it did what it was asked to.</param>
/// <param name="Output">What it printed.</param>
/// <param name="Errors">What it had to say besides.</param>
internal sealed record GitResult(int ExitCode, byte[] Output, string Errors)
{
    public bool IsWell => ExitCode == 0;

    /// <summary>Output as text.</summary>
    public string Text => Encoding.UTF8.GetString(Output);
}
